#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "CSimdJSON.h"
#include "columns.hpp"
#include "records.hpp"
#include "splitter.hpp"

using namespace csimdjson;

struct cs_file_s {
    /// The columns of each chunk, in the order of the file.
    std::vector<Columns> pieces;
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

/// Threads that take turns at cutting the next chunk and parse what they took side by side. What they read is added in the order
/// of the file, without waiting for a chunk that is not ready.
class Reading {
public:
    Reading(cs_file_s &file, const char *path, cs_kind kind)
        : file_(file), splitter_(path, kind), is_outlined_(kind == CS_OUTLINED) {}

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
            chunk.is_outlined = is_outlined_;
            while (take(chunk)) {
                Parsed parsed;
                parser.parse(chunk, parsed);
                if (!add(chunk.sequence, std::move(parsed))) break;
            }
        } catch (const std::bad_alloc &) {
            std::lock_guard<std::mutex> lock(order_);
            out_of_memory_ = stopped_ = true;
        }
    }

    bool take(Chunk &chunk) {
        std::lock_guard<std::mutex> lock(splitting_);
        return splitter_.next(chunk);
    }

    /// False once a chunk ended the reading.
    bool add(int64_t sequence, Parsed parsed) {
        std::lock_guard<std::mutex> lock(order_);
        ready_.emplace(sequence, std::move(parsed));
        for (auto next = ready_.begin(); !stopped_ && next != ready_.end() && next->first == next_; ++next_) {
            add(next->second);
            next = ready_.erase(next);
        }
        return !stopped_;
    }

    void add(Parsed &parsed) {
        if (parsed.fatal) {
            stopped_ = true;
            file_.note_fatal(std::move(parsed.faults.back()));
            parsed.faults.pop_back();
            parsed.fault_count -= 1;
        }
        file_.note(parsed.faults, parsed.fault_count);
        file_.pieces.push_back(std::move(parsed.columns));
    }

    cs_file_s &file_;
    Splitter splitter_;
    const bool is_outlined_;
    std::mutex splitting_;
    std::mutex order_;
    std::map<int64_t, Parsed> ready_;
    int64_t next_ = 0;
    bool stopped_ = false;
    bool out_of_memory_ = false;
};

bool is_name_end(cs_column column) {
    return column == CS_IMAGE_NAME_END || column == CS_CATEGORY_NAME_END || column == CS_CATEGORY_GROUP_END ||
        column == CS_ANNOTATION_OUTLINE_END;
}

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

int64_t cs_column_count(cs_file file, cs_column column) {
    size_t count = 0, nameless = 0;
    for (auto &piece : file->pieces) {
        const size_t here = piece.with(column, [](auto &values) { return values.size(); });
        count += here;
        if (here == 0 && is_name_end(column)) nameless += piece.results;
    }
    return static_cast<int64_t>(count == 0 ? 0 : count + nameless);
}

void cs_take_column(cs_file file, cs_column column, void *to) {
    if (cs_column_count(file, column) == 0) return;
    int64_t start = 0;
    for (auto &piece : file->pieces) {
        if (is_name_end(column)) {
            auto &ends = piece.ints[column];
            if (ends.empty()) ends.assign(piece.results, 0);
            for (auto &end : ends) end += start;
            if (!ends.empty()) start = ends.back();
        }
        piece.with(column, [&](auto &values) {
            const size_t size = values.size() * sizeof values[0];
            if (size > 0) memcpy(to, values.data(), size);
            to = static_cast<char *>(to) + size;
            std::remove_reference_t<decltype(values)>().swap(values);
        });
    }
}

void cs_close(cs_file file) { delete file; }
}
