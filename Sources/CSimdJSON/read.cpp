#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "CSimdJSON.h"
#include "columns.hpp"
#include "records.hpp"
#include "splitter.hpp"

using namespace csimdjson;

struct cs_file_s {
    Columns columns;
    std::vector<Fault> faults;
    int64_t fault_count = 0;
    bool fatal = false;
    bool has_section[CS_SECTION_RESULTS + 1] = {};

    void note(std::vector<Fault> &more, int64_t count) {
        fault_count += count;
        for (auto &fault : more) {
            if (faults.size() >= faults_to_keep) break;
            faults.push_back(std::move(fault));
        }
    }

    void note_fatal(Fault fault) {
        fatal = true;
        fault_count += 1;
        faults.insert(faults.begin(), std::move(fault));
    }
};

namespace {

constexpr int64_t size_worth_a_thread = 2 << 20;

/// Threads that take turns at cutting the next chunk, parse what they took side by side, and add it in file order.
class Reading {
public:
    Reading(cs_file_s &file, const char *path, cs_kind kind) : file_(file), splitter_(path, kind) {}

    void run(int threads) {
        const auto useful = static_cast<int>(std::min<int64_t>(threads, splitter_.file_size() / size_worth_a_thread));
        std::vector<std::thread> others;
        for (int i = 1; i < useful; ++i) {
            try {
                others.emplace_back([this] { work(); });
            } catch (const std::system_error &) {
                break;  // the threads there are do the work
            }
        }
        work();
        for (auto &thread : others) thread.join();
        if (splitter_.fault().code != CS_OK && !file_.fatal) file_.note_fatal(splitter_.fault());
        if (out_of_memory_) file_.note_fatal({CS_NO_MEMORY, CS_SECTION_FILE, -1, -1, "", ""});
        for (int i = 0; i <= CS_SECTION_RESULTS; ++i) {
            file_.has_section[i] = splitter_.has(static_cast<cs_section>(i));
        }
    }

private:
    void work() {
        try {
            RecordParser parser;
            Chunk chunk;
            Parsed parsed;
            while (take(chunk)) {
                parser.parse(chunk, parsed);
                if (!add(chunk, parsed)) break;
            }
        } catch (const std::bad_alloc &) {
            std::lock_guard<std::mutex> lock(order_);
            out_of_memory_ = stopped_ = true;
            turn_.notify_all();
        }
    }

    bool take(Chunk &chunk) {
        std::lock_guard<std::mutex> lock(splitting_);
        return splitter_.next(chunk);
    }

    /// Waits for this chunk's turn. False once a chunk ended the reading.
    bool add(const Chunk &chunk, Parsed &parsed) {
        std::unique_lock<std::mutex> lock(order_);
        turn_.wait(lock, [&] { return stopped_ || next_ == chunk.sequence; });
        if (stopped_) return false;
        ++next_;
        const auto size = static_cast<double>(std::max<int64_t>(1, splitter_.file_size()));
        const double share = parsed.fatal ? 0 : static_cast<double>(chunk.text.size()) / (size - chunk.byte);
        file_.columns.append(parsed.columns, share);
        if (parsed.fatal) {
            stopped_ = true;
            file_.note_fatal(std::move(parsed.faults.back()));
            parsed.faults.pop_back();
            parsed.fault_count -= 1;
        }
        file_.note(parsed.faults, parsed.fault_count);
        turn_.notify_all();
        return !stopped_;
    }

    cs_file_s &file_;
    Splitter splitter_;
    std::mutex splitting_;
    std::mutex order_;
    std::condition_variable turn_;
    int64_t next_ = 0;
    bool stopped_ = false;
    bool out_of_memory_ = false;
};

}  // namespace

extern "C" {

cs_file cs_read(const char *path, cs_kind kind, int threads) {
    cs_file file = new (std::nothrow) cs_file_s;
    if (!file) return nullptr;
    try {
        Reading(*file, path, kind).run(threads);
    } catch (const std::bad_alloc &) {
        delete file;
        return nullptr;
    }
    return file;
}

int64_t cs_fault_count(cs_file file) { return file->fault_count; }

int64_t cs_faults_kept(cs_file file) { return static_cast<int64_t>(file->faults.size()); }

cs_fault cs_fault_at(cs_file file, int64_t index) {
    const Fault &fault = file->faults[static_cast<size_t>(index)];
    return {fault.code, fault.section, fault.record, fault.byte, fault.key.c_str(), fault.detail.c_str()};
}

int cs_is_fatal(cs_file file) { return file->fatal; }

int cs_has_section(cs_file file, cs_section section) { return file->has_section[section]; }

const void *cs_column_data(cs_file file, cs_column column, int64_t *count) {
    const auto view = [&](const auto &values) -> const void * {
        *count = static_cast<int64_t>(values.size());
        return values.empty() ? nullptr : values.data();
    };
    if (column < first_real) return view(file->columns.ints[column]);
    if (column < first_byte) return view(file->columns.reals[column - first_real]);
    return view(file->columns.bytes[column - first_byte]);
}

void cs_column_free(cs_file file, cs_column column) {
    const auto drop = [](auto &values) {
        values.clear();
        values.shrink_to_fit();
    };
    if (column < first_real) {
        drop(file->columns.ints[column]);
    } else if (column < first_byte) {
        drop(file->columns.reals[column - first_real]);
    } else {
        drop(file->columns.bytes[column - first_byte]);
    }
}

void cs_close(cs_file file) { delete file; }
}
