/// What a network computes, written down while it runs.
#ifndef CTORCH_RECORDING_H
#define CTORCH_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// The operations that one thread asked of libtorch, in their order, and every tensor that went in or came out. Operations that
/// libtorch calls within another are left out.
typedef struct ct_recording_s *ct_recording;

/// Begins to record the calling thread's operations. Fails where they are recorded already.
ct_status ct_recording_begin(ct_recording *out);
/// Ends the recording; what was recorded stays. To be called on the thread that began it.
void ct_recording_end(ct_recording recording);
/// Releases what was recorded, with its tensors.
void ct_recording_free(ct_recording recording);
/// Whether the calling thread's operations are being recorded, and not paused.
bool ct_is_recording(void);
/// Leaves operations out of the calling thread's recording, or takes them in again; no effect where there is none.
void ct_recording_pause(bool paused);

/// Adds an operation to the calling thread's recording that libtorch does not know: `arguments` is the text of a JSON object
/// that goes in as it is.
ct_status ct_recording_note(
    const char *name, const char *arguments, const ct_tensor *inputs, int32_t input_count, const ct_tensor *outputs,
    int32_t output_count);
/// The number of a tensor in a recording, as it is now: a tensor that an operation wrote to has a new one from then on.
int64_t ct_recording_number(ct_recording recording, ct_tensor tensor);

/// The operations as the text of a JSON array: `{"name", "overload", "arguments": {…}, "inputs": […], "outputs": […], "stale": […]}`
/// each. Tensors among the arguments are `{"tensor": number}`. `stale` are tensors that changed because they share memory with
/// one that the operation wrote to. Lives as long as the recording.
const char *ct_recording_text(ct_recording recording);
/// How many tensors a recording numbers, from 0.
int64_t ct_recording_tensor_count(ct_recording recording);
/// The tensor of a number, with the elements that it has by now.
ct_status ct_recording_tensor(ct_recording recording, int64_t number, ct_tensor *out);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
