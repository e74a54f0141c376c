#include "video/video_session.h"

#include <string.h>

/// One group of the frames asked for, which come out of one run of the decoder.
typedef struct group {
    cm_video *video;
    const cm_video_request *request;
    /// The range of the request's frames, `end` excluded.
    size_t first;
    size_t end;
    /// The last packet that must go in.
    int64_t last;
    cm_report *report;
    cm_status status;
    /// Errors that the decoder has counted.
    int64_t errors;
    /// Something came out that the index doesn't know of, or in another order.
    bool surprise;
} group;

/// Where in the request `frame` stands; `g->end` when nobody asked for it.
static size_t place_of(const group *g, int64_t frame) {
    size_t low = g->first, high = g->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->request->frames[middle] < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->end && g->request->frames[low] == frame ? low : g->end;
}

/// Extends the group by the frames that decoding comes to from the first one on, without a new start at a key frame.
static void plan(group *g) {
    const cm_video *v = g->video;
    const int64_t *frames = g->request->frames;
    g->last = v->frames[frames[g->first]];
    bool begins_later = video_start_for(v, frames[g->first]) > 0;
    for (g->end = g->first + 1; g->end < g->request->count; g->end++) {
        int64_t start = video_start_for(v, frames[g->end]);
        if (start > g->last + 1 || (start == 0 && begins_later)) break;
        int64_t packet = v->frames[frames[g->end]];
        if (packet > g->last) g->last = packet;
    }
    // A packet from which no frame is known to come may be the second field of the frame before.
    if (v->counted)
        while (g->last + 1 < v->packet_count && v->packets[g->last + 1].frame < 0) g->last++;
}

static int64_t first_exact_frame(const cm_video *v) { return v->run_start > 0 ? v->packets[v->run_start].floor : 0; }

static void take_frame(group *g) {
    cm_video *v = g->video;
    int64_t index = v->frame->pts;
    if (index < 0 || index >= v->packet_count) {
        g->surprise = true;
        return;
    }
    video_packet *p = &v->packets[index];
    // Frames that are shown before the one where decoding began are predicted from packets that did not go in.
    if (p->frame >= 0 && p->frame < first_exact_frame(v)) return;
    if (p->frame < 0 || p->frame <= v->through || p->came == v->run) {
        g->surprise = true;
        return;
    }
    p->came = v->run;
    v->through = p->frame;
    if (v->frame->decode_error_flags || v->frame->flags & AV_FRAME_FLAG_CORRUPT) {
        g->errors++;
        p->flags |= PACKET_DAMAGED;
        return;
    }
    size_t place = place_of(g, p->frame);
    if (place == g->end) return;
    const cm_video_request *r = g->request;
    g->status =
        video_convert(&v->converter, v->frame, r->width, r->height, r->orientation, r->targets[place], g->report);
}

/// Takes the frames that the decoder has ready and returns its last answer.
static int take_frames(group *g) {
    int error = 0;
    while (g->status == CM_OK && !(error = avcodec_receive_frame(g->video->decoder, g->video->frame))) {
        take_frame(g);
        av_frame_unref(g->video->frame);
    }
    if (error == AVERROR(ENOMEM)) g->status = video_fail(g->report, CM_OUT_OF_MEMORY, "decoding it");
    return error;
}

static void feed(group *g, int64_t index) {
    cm_video *v = g->video;
    g->status = video_seek_packet(v, index, g->report);
    if (g->status != CM_OK) return;
    video_packet *p = &v->packets[index];
    // A frame carries its packet's timestamp, in whose place the packet's number goes in.
    v->packet->pts = index;
    v->packet->dts = AV_NOPTS_VALUE;
    p->fed = v->run;
    int sent = avcodec_send_packet(v->decoder, v->packet), taken = take_frames(g);
    bool failed = sent < 0 || (taken < 0 && taken != AVERROR(EAGAIN));
    bool counts = p->frame < 0 || p->frame >= first_exact_frame(v);
    if (!failed || (v->threads == 1 && !counts)) return;
    g->errors++;
    if (v->threads == 1) p->flags |= PACKET_DAMAGED;
}

static void drain(group *g) {
    cm_video *v = g->video;
    v->next_fed = -1;
    avcodec_send_packet(v->decoder, NULL);
    int taken = 0;
    // Each thread may still hold an error back.
    for (int tries = v->threads + 64; tries > 0 && g->status == CM_OK && taken != AVERROR_EOF; tries--) {
        taken = take_frames(g);
        if (taken < 0 && taken != AVERROR_EOF) g->errors++;
    }
}

/// Readies the decoder to begin at packet `start`.
static void begin(group *g, int64_t start) {
    cm_video *v = g->video;
    // Parameter sets from later in the file would stay in the decoder.
    bool stale = start == 0 && (v->syntax.in_band || v->syntax.doubt);
    if (!v->decoder || (!v->fresh && stale))
        g->status = video_renew_decoder(v, true, g->report);
    else if (!v->fresh)
        avcodec_flush_buffers(v->decoder);
    if (g->status != CM_OK) return;
    if (v->fresh && start > 0 && v->syntax.first_counts) {
        g->status = video_seek_packet(v, 0, g->report);
        if (g->status != CM_OK) return;
        v->packet->pts = v->packet->dts = AV_NOPTS_VALUE;
        avcodec_send_packet(v->decoder, v->packet);
        while (!avcodec_receive_frame(v->decoder, v->frame)) av_frame_unref(v->frame);
        avcodec_flush_buffers(v->decoder);
    }
    v->fresh = false;
    if (++v->run == 0) {
        for (int64_t i = 0; i < v->packet_count; i++) v->packets[i].fed = v->packets[i].came = 0;
        v->run = 1;
    }
    v->run_start = v->next_fed = start;
    v->through = first_exact_frame(v) - 1;
}

/// Whether the decoder, as it stands, gives the group's frames by going on.
static bool can_go_on(const group *g, int64_t start) {
    const cm_video *v = g->video;
    if (v->next_fed < 0 || start > v->next_fed || g->request->frames[g->first] <= v->through) return false;
    // A decoder that began later may not have made up what one does that decoded all.
    if (start == 0 && v->run_start > 0) return false;
    for (size_t k = g->first; k < g->end; k++) {
        int64_t packet = v->frames[g->request->frames[k]];
        if (packet < v->next_fed && v->packets[packet].fed != v->run) return false;
    }
    return true;
}

static void run(group *g) {
    cm_video *v = g->video;
    int64_t start = video_start_for(v, g->request->frames[g->first]), target = g->request->frames[g->end - 1];
    if (!can_go_on(g, start)) begin(g, start);
    for (; g->status == CM_OK && v->next_fed <= g->last; v->next_fed++) {
        const video_packet *p = &v->packets[v->next_fed];
        if (p->flags & PACKET_DISPOSABLE && (p->frame < 0 || place_of(g, p->frame) == g->end)) continue;
        feed(g, v->next_fed);
    }
    while (g->status == CM_OK && g->request->going_on && v->through < target && v->next_fed < v->packet_count)
        feed(g, v->next_fed++);
    if (g->status == CM_OK && !(g->request->going_on && v->through >= target)) drain(g);
    if (g->status != CM_OK) v->next_fed = -1;
}

/// Whether frames are lacking that must have come out by now. With `marks` their packets are marked as damaged.
static bool frames_lack(const group *g, bool marks) {
    cm_video *v = g->video;
    int64_t exact = first_exact_frame(v), end = v->next_fed;
    if (end < 0) end = g->request->going_on ? v->packet_count : g->last + 1;
    bool lack = false;
    for (int64_t i = v->run_start; i < end; i++) {
        video_packet *p = &v->packets[i];
        if (p->fed != v->run || p->came == v->run || p->frame < exact) continue;
        if (v->next_fed >= 0 && p->frame >= v->through) continue;
        lack = true;
        if (marks) p->flags |= PACKET_DAMAGED;
    }
    return lack;
}

/// The damaged packet that spoils `frame`; -1 for none.
static int64_t damage_of(const cm_video *v, int64_t frame) {
    int64_t packet = v->frames[frame];
    for (int64_t i = video_start_for(v, frame); i <= packet; i++) {
        int flags = v->packets[i].flags;
        if (flags & PACKET_DAMAGED && (i == packet || !(flags & PACKET_DISPOSABLE))) return i;
    }
    return -1;
}

/// Fails for the first damaged frame, or notes which are missing if the caller accepts damage.
static cm_status settle_damage(group *g, int64_t *frame) {
    cm_video *v = g->video;
    const cm_video_request *r = g->request;
    for (size_t k = g->first; k < g->end; k++) {
        int64_t damaged = damage_of(v, r->frames[k]);
        if (damaged < 0) continue;
        if (!v->options.accept_damage) {
            *frame = v->packets[damaged].frame >= 0 ? v->packets[damaged].frame : r->frames[k];
            if (*frame == r->frames[k])
                return video_fail(g->report, CM_CORRUPT, "it can't be decoded as it was encoded");
            return video_fail(
                g->report, CM_CORRUPT, "it can't be decoded as it was encoded, and frame %lld needs it",
                (long long)r->frames[k]);
        }
        if (r->missing) r->missing[k] = 1;
        memset(r->targets[k], 0, (size_t)r->width * (size_t)r->height * 3);
    }
    return CM_OK;
}

/// Puts the frames in order again, by decoding all. Fails unless there are as many as the caller was told.
static cm_status recount(cm_video *v, int64_t *frame, cm_report *report) {
    int64_t promised = v->frame_count;
    cm_status status = video_count(v, report);
    if (status != CM_OK || v->frame_count == promised) return status;
    *frame = v->frame_count < promised ? v->frame_count : promised;
    return video_fail(
        report, CM_CORRUPT, "%lld frames come out where its packets promise %lld", (long long)v->frame_count,
        (long long)promised);
}

static bool request_makes_sense(const cm_video *v, const cm_video_request *r) {
    if (r->width <= 0 || r->height <= 0 || r->orientation < 1 || r->orientation > 8) return false;
    for (size_t i = 0; i < r->count; i++)
        if (r->frames[i] < 0 || r->frames[i] >= v->frame_count || (i && r->frames[i] <= r->frames[i - 1])) return false;
    return true;
}

cm_status cm_video_read(cm_video *v, const cm_video_request *request, int64_t *frame, cm_report *report) {
    *frame = -1;
    if (!request_makes_sense(v, request)) return video_fail(report, CM_INVALID, "no such frames or size");
    if (request->missing) memset(request->missing, 0, request->count);
    for (size_t first = 0; first < request->count;) {
        group g = {.video = v, .request = request, .first = first, .report = report, .status = CM_OK};
        plan(&g);
        run(&g);
        if (g.status != CM_OK) {
            *frame = request->frames[first];
            return g.status;
        }
        bool lack = frames_lack(&g, false);
        if (g.errors && v->threads > 1) {
            // With several threads there is no telling which packet an error came from. From here on there is one.
            v->threads = 1;
            g.status = video_renew_decoder(v, true, report);
            if (g.status != CM_OK) return g.status;
            continue;
        }
        // Frames that lack, or come in another order, without an error: the timestamps were not to be trusted.
        if (!g.errors && !v->counted && (g.surprise || (lack && !v->options.accept_damage))) {
            cm_status status = recount(v, frame, report);
            if (status != CM_OK) return status;
            if (request->missing) memset(request->missing, 0, request->count);
            first = 0;
            continue;
        }
        if (lack) frames_lack(&g, true);
        cm_status status = settle_damage(&g, frame);
        if (status != CM_OK) return status;
        first = g.end;
    }
    return CM_OK;
}
