#ifndef VIDEO_FIXTURES_H
#define VIDEO_FIXTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A video that a test wants: any container, codec, order and timing that FFmpeg can write.
typedef struct fx_video {
    /// libavformat's and libavcodec's names, such as `mp4` and `libx264`.
    const char *container;
    const char *codec;
    /// Options of the codec, `key=value` with commas between.
    const char *settings;
    int width;
    int height;
    int frames;
    int key_distance;
    int b_frames;
    /// The first frame's time, in frames; before 0 makes an edit list that cuts frames off.
    int first_time;
    /// Frames last 1 to 3 units instead of 1.
    bool uneven;
    /// Clockwise degrees of a display matrix; 0 for none.
    int rotation;
    /// libavutil's numbers for the pixel format (-1: 4:2:0), the matrix (0 writes none) and the range.
    int format;
    int matrix;
    int range;
    /// Every sample is one of all 256 by chance, instead of a drawn scene.
    bool is_noise;
    /// Every sample of a plane is this, rather than a moving pattern.
    bool is_flat;
    int flat[3];
    /// A stream of sound instead of pictures.
    bool sound_only;
    /// Leaves out the packet of this number, counted from 1; 0 for none.
    int lost_packet;
    /// libavcodec's name of a codec for a stream of sound beside the pictures; NULL for none.
    const char *sound;
    /// The name of a codec for a second stream of sound, whose language is German; NULL for none.
    const char *second_sound;
    /// When the sound begins, in milliseconds from the time 0 of the pictures.
    int sound_start;
    /// Width to height of a pixel; 0 and 0 write none.
    int aspect_width;
    int aspect_height;
} fx_video;

/// Whether this FFmpeg has the encoder.
bool fx_has_encoder(const char *codec);

/// Makes the file. 0, or FFmpeg's error; `*bytes` is the caller's to `free`.
int fx_encode(const fx_video *video, uint8_t **bytes, size_t *count);

/// Puts the first stream of each of two files into one `container`, in this order, untouched. `main_stream`, 0 or 1, is
/// the one that is marked as the default; -1 for none. 0, or FFmpeg's error; `*bytes` is the caller's to `free`.
int fx_join(
    const char *container, const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count,
    int main_stream, uint8_t **bytes, size_t *count);

/// Every frame of a file in the order in which a plain loop over its packets gives them.
typedef struct fx_frames {
    int count;
    /// Pixels of the first frame.
    int width;
    int height;
    /// count * height * width * 3, RGB.
    uint8_t *rgb;
} fx_frames;

/// What a file says of its sound and of the shape of its pixels.
typedef struct fx_sound {
    /// Streams of sound.
    int streams;
    /// Packets of one stream of sound; 0 where there is none.
    int packets;
    /// When the first packet of the pictures is shown, in seconds.
    double pictures;
    /// FFmpeg's name of the codec, and the language.
    char codec[32];
    char language[8];
    /// Seconds at which the first begins and the last ends.
    double begin;
    double end;
    /// FNV-1a of the packets' bytes.
    uint64_t hash;
    int aspect_width;
    int aspect_height;
} fx_sound;

/// Reads the packets of a file's stream of sound number `stream`, counted from 0 among those of sound.
int fx_listen(const uint8_t *bytes, size_t count, int stream, fx_sound *sound);

/// Decodes the whole file with one thread, as FFmpeg's examples do.
int fx_decode(const uint8_t *bytes, size_t count, fx_frames *frames);

#endif
