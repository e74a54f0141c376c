// Writes down the operations that a thread asks of libtorch, by the callbacks that libtorch's profiler uses.

// libtorch is compiled without assertions, and its RecordFunction has one member less then.
#ifndef NDEBUG
#define NDEBUG
#endif

#include <ATen/ATen.h>
#include <ATen/core/function_schema.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/guard.hpp"
#include "core/recording.hpp"
#include "CTorchRecording.h"

namespace {

/// JSON's text of a string.
std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", c);
            out += code;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string text_of(double number) {
    // JSON has no word for what is no number.
    if (!std::isfinite(number)) return quoted(std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", number);
    return text;
}

template <typename Each>
std::string list_of(size_t count, const Each &each) {
    std::string out = "[";
    for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + each(i);
    return out + "]";
}

std::string list_of(const std::vector<int64_t> &numbers) {
    return list_of(numbers.size(), [&](size_t i) { return std::to_string(numbers[i]); });
}

}  // namespace

/// Tensors by number, and the text of the operations so far.
struct ct_recording_s {
    at::CallbackHandle callback{};
    bool is_running = false, is_paused = false;
    /// How many operations are under way, one within the other.
    int depth = 0;
    std::vector<at::Tensor> tensors;
    /// The number that each tensor has now. The tensors are kept, so that no other takes its address.
    std::unordered_map<const at::TensorImpl *, int64_t> numbers;
    std::string text = "[";

    int64_t number(const at::Tensor &tensor) {
        const auto known = numbers.find(tensor.unsafeGetTensorImpl());
        return known != numbers.end() ? known->second : renumber(tensor);
    }

    int64_t renumber(const at::Tensor &tensor) {
        const int64_t next = static_cast<int64_t>(tensors.size());
        tensors.push_back(tensor);
        numbers[tensor.unsafeGetTensorImpl()] = next;
        return next;
    }

    /// JSON's text of an argument; numbers of its tensors are added to `inputs`.
    std::string value(const c10::IValue &argument, std::vector<int64_t> &inputs) {
        if (argument.isTensor()) {
            const at::Tensor &tensor = argument.toTensor();
            if (!tensor.defined()) return "null";
            inputs.push_back(number(tensor));
            return "{\"tensor\":" + std::to_string(inputs.back()) + "}";
        }
        if (argument.isNone()) return "null";
        if (argument.isBool()) return argument.toBool() ? "true" : "false";
        if (argument.isInt()) return std::to_string(argument.toInt());
        if (argument.isDouble()) return text_of(argument.toDouble());
        if (argument.isString()) return quoted(argument.toStringRef());
        if (argument.isSymInt()) return std::to_string(argument.toSymInt().guard_int(__FILE__, __LINE__));
        if (argument.isList()) {
            const c10::ArrayRef<c10::IValue> elements = argument.toListRef();
            return list_of(elements.size(), [&](size_t i) { return value(elements[i], inputs); });
        }
        return quoted(argument.tagKind());
    }

    /// Numbers of other tensors in the memory of one that was written to.
    std::vector<int64_t> sharing(const at::Tensor &written, int64_t but) const {
        std::vector<int64_t> found;
        for (const auto &[tensor, number] : numbers) {
            if (number != but && tensor->has_storage() && written.has_storage() &&
                tensor->storage().is_alias_of(written.storage())) {
                found.push_back(number);
            }
        }
        return found;
    }

    void append(
        const std::string &name, const std::string &overload, const std::string &arguments,
        const std::vector<int64_t> &inputs, const std::vector<int64_t> &outputs, const std::vector<int64_t> &stale) {
        if (text.size() > 1) text += ",\n";
        text += "{\"name\":" + quoted(name) + ",\"overload\":" + quoted(overload) + ",\"arguments\":" + arguments +
            ",\"inputs\":" + list_of(inputs) + ",\"outputs\":" + list_of(outputs) + ",\"stale\":" + list_of(stale) +
            "}";
    }
};

namespace {

thread_local ct_recording_s *active = nullptr;

/// An operation under way.
struct Call : at::ObserverContext {
    std::string arguments;
    std::vector<int64_t> inputs;
    /// The tensors that it writes to.
    std::vector<const at::TensorImpl *> written;
};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction &function) {
    if (active == nullptr || active->is_paused) return nullptr;
    if (active->depth++ > 0) return nullptr;
    auto call = std::make_unique<Call>();
    const auto schema = function.operator_schema();
    const c10::ArrayRef<const c10::IValue> inputs = function.inputs();
    call->arguments = "{";
    for (size_t i = 0; i < inputs.size(); ++i) {
        const bool is_named = schema && i < schema->arguments().size();
        if (i > 0) call->arguments += ",";
        call->arguments += quoted(is_named ? schema->arguments()[i].name() : std::to_string(i)) + ":";
        call->arguments += active->value(inputs[i], call->inputs);
        const auto *alias = is_named ? schema->arguments()[i].alias_info() : nullptr;
        if (alias != nullptr && alias->isWrite() && inputs[i].isTensor() && inputs[i].toTensor().defined()) {
            call->written.push_back(inputs[i].toTensor().unsafeGetTensorImpl());
        }
    }
    call->arguments += "}";
    return call;
}

void on_end(const at::RecordFunction &function, at::ObserverContext *context) {
    if (active == nullptr || active->is_paused) return;
    --active->depth;
    auto *call = dynamic_cast<Call *>(context);
    if (call == nullptr) return;
    std::vector<int64_t> outputs, stale;
    const auto take = [&](const at::Tensor &tensor) {
        if (!tensor.defined()) return;
        const bool is_written =
            std::find(call->written.begin(), call->written.end(), tensor.unsafeGetTensorImpl()) != call->written.end();
        outputs.push_back(is_written ? active->renumber(tensor) : active->number(tensor));
        if (is_written) stale = active->sharing(tensor, outputs.back());
    };
    for (const c10::IValue &output : function.outputs()) {
        if (output.isTensor()) take(output.toTensor());
        if (output.isTensorList()) {
            for (const at::Tensor &tensor : output.toTensorVector()) take(tensor);
        }
    }
    active->append(function.name(), function.overload_name(), call->arguments, call->inputs, outputs, stale);
}

}  // namespace

bool ctorch::is_recording() { return active != nullptr && !active->is_paused; }

ct_status ct_recording_begin(ct_recording *out) {
    return ct_guard([&] {
        TORCH_CHECK(active == nullptr, "the operations of this thread are being recorded already");
        auto recording = std::make_unique<ct_recording_s>();
        recording->callback = at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                                             .needsInputs(true)
                                                             .needsOutputs(true)
                                                             .scopes({at::RecordScope::FUNCTION}));
        recording->is_running = true;
        active = *out = recording.release();
    });
}

void ct_recording_end(ct_recording recording) {
    if (recording == nullptr || !recording->is_running) return;
    at::removeCallback(recording->callback);
    recording->is_running = false;
    recording->text += "]";
    if (active == recording) active = nullptr;
}

void ct_recording_free(ct_recording recording) {
    ct_recording_end(recording);
    delete recording;
}

bool ct_is_recording(void) { return ctorch::is_recording(); }

void ct_recording_pause(bool paused) {
    if (active != nullptr) active->is_paused = paused;
}

ct_status ct_recording_note(
    const char *name, const char *arguments, const ct_tensor *inputs, int32_t input_count, const ct_tensor *outputs,
    int32_t output_count) {
    return ct_guard([&] {
        TORCH_CHECK(active != nullptr, name, ": nothing is being recorded");
        std::vector<int64_t> in, out;
        for (int32_t i = 0; i < input_count; ++i) in.push_back(active->number(inputs[i]->value));
        for (int32_t i = 0; i < output_count; ++i) out.push_back(active->number(outputs[i]->value));
        active->append(name, "", arguments, in, out, {});
    });
}

int64_t ct_recording_number(ct_recording recording, ct_tensor tensor) { return recording->number(tensor->value); }

const char *ct_recording_text(ct_recording recording) { return recording->text.c_str(); }

int64_t ct_recording_tensor_count(ct_recording recording) { return static_cast<int64_t>(recording->tensors.size()); }

ct_status ct_recording_tensor(ct_recording recording, int64_t number, ct_tensor *out) {
    return ct_guard([&] { *out = ctorch::wrap(recording->tensors.at(static_cast<size_t>(number))); });
}
