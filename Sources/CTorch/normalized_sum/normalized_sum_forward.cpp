#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <memory>

#include "normalized_sum/normalized_sum_blocks.hpp"
#include "core/elements.hpp"

namespace ctorch {
namespace {

/// Joins the moments of blocks, `[blocks, 2, C]`, to those of images, `[N, 2, C]`: means and variances.
at::Tensor join_moments(const Blocks &blocks, const float *parts) {
    const int64_t channels = blocks.channels;
    at::Tensor result = at::empty({blocks.images, 2, channels}, at::kFloat);
    float *into = result.mutable_data_ptr<float>();
    parallel_tasks(blocks.images, [&](int64_t image) {
        std::vector<double> means(channels, 0), squares(channels, 0);
        double seen = 0;
        for (int64_t block = 0; block < blocks.each; ++block) {
            const int64_t task = image * blocks.each + block;
            const float *part = parts + task * 2 * channels;
            const double count = static_cast<double>(blocks.count(task));
            const double share = count / (seen + count), between = seen * share;
            for (int64_t c = 0; c < channels; ++c) {
                const double apart = part[c] - means[c];
                means[c] += apart * share;
                squares[c] += part[channels + c] + apart * apart * between;
            }
            seen += count;
        }
        float *target = into + image * 2 * channels;
        for (int64_t c = 0; c < channels; ++c) {
            target[c] = static_cast<float>(means[c]);
            target[channels + c] = static_cast<float>(squares[c] / seen);
        }
    });
    return result;
}

template <typename T>
at::Tensor moments_of(const Blocks &blocks, const at::Tensor &x) {
    const auto parts = std::make_unique_for_overwrite<float[]>(blocks.images * blocks.each * 2 * blocks.channels);
    const T *from = values_of<T>(x);
    blocks.for_each([&](int64_t task) {
        float *part = parts.get() + task * 2 * blocks.channels;
        block_moments(from + blocks.start(task), blocks.count(task), blocks.channels, part, part + blocks.channels);
    });
    return join_moments(blocks, parts.get());
}

Normalization normalization(const Term &term, const Blocks &blocks, const at::Tensor &moments) {
    const int64_t channels = blocks.channels, images = blocks.images;
    if (term.norm == CT_NORM_NONE) return {};
    if (term.uses_running) {
        return {
            term.running_mean.to(at::kFloat).clone().view({1, channels}),
            term.running_variance.to(at::kDouble).add(term.epsilon).rsqrt().to(at::kFloat).view({1, channels})};
    }
    const bool is_batch = term.norm == CT_NORM_BATCH;
    Normalization result{
        at::empty({is_batch ? 1 : images, channels}, at::kFloat),
        at::empty({is_batch ? 1 : images, channels}, at::kFloat)};
    float *means = result.mean.mutable_data_ptr<float>(),
          *inverses = result.deviation_inverse.mutable_data_ptr<float>();
    const float *known = elements<float>(moments);
    if (is_batch) {
        const double count = static_cast<double>(images * blocks.positions);
        float *running_mean = term.running_mean.defined() ? term.running_mean.mutable_data_ptr<float>() : nullptr;
        float *running_variance =
            term.running_variance.defined() ? term.running_variance.mutable_data_ptr<float>() : nullptr;
        std::vector<double> all(channels, 0), within(channels, 0), between(channels, 0);
        for (int64_t n = 0; n < images; ++n) {
            const float *image_means = known + 2 * n * channels, *variances = image_means + channels;
            for (int64_t c = 0; c < channels; ++c) all[c] += image_means[c];
            for (int64_t c = 0; c < channels; ++c) within[c] += variances[c];
        }
        for (double &mean : all) mean /= static_cast<double>(images);
        for (int64_t n = 0; n < images; ++n) {
            const float *image_means = known + 2 * n * channels;
            for (int64_t c = 0; c < channels; ++c) between[c] += (image_means[c] - all[c]) * (image_means[c] - all[c]);
        }
        for (int64_t c = 0; c < channels; ++c) {
            const double mean = all[c], variance = (within[c] + between[c]) / static_cast<double>(images);
            means[c] = static_cast<float>(mean);
            inverses[c] = static_cast<float>(1 / std::sqrt(variance + term.epsilon));
            if (running_mean != nullptr) {
                running_mean[c] += static_cast<float>(term.momentum * (mean - running_mean[c]));
                const double unbiased = variance * count / (count - 1);
                running_variance[c] += static_cast<float>(term.momentum * (unbiased - running_variance[c]));
            }
        }
        return result;
    }
    const int64_t width = channels / term.groups;
    parallel_tasks(images, [&](int64_t n) {
        const float *image_means = known + 2 * n * channels, *variances = image_means + channels;
        for (int64_t g = 0; g < term.groups; ++g) {
            double mean = 0, square = 0;
            for (int64_t c = g * width; c < (g + 1) * width; ++c) mean += image_means[c];
            mean /= static_cast<double>(width);
            for (int64_t c = g * width; c < (g + 1) * width; ++c) {
                const double apart = image_means[c] - mean;
                square += variances[c] + apart * apart;
            }
            const double inverse = 1 / std::sqrt(square / static_cast<double>(width) + term.epsilon);
            std::fill_n(means + n * channels + g * width, width, static_cast<float>(mean));
            std::fill_n(inverses + n * channels + g * width, width, static_cast<float>(inverse));
        }
    });
    return result;
}

/// Σ of what each term adds to scale ⊙ x, `[N, C]`. In float64, because a mean far from zero cancels much of a bias.
std::vector<float> biases_of(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks) {
    const int64_t channels = blocks.channels;
    std::vector<double> sums(blocks.images * channels, 0);
    for (size_t i = 0; i < terms.size(); ++i) {
        if (is_bare(terms[i])) continue;
        const Affine affine(terms[i]);
        for (int64_t n = 0; n < blocks.images; ++n) {
            const float *mean = norms[i].means(n), *inverse = norms[i].inverses(n);
            double *row = sums.data() + n * channels;
            if (affine.bias != nullptr) {
                for (int64_t c = 0; c < channels; ++c) row[c] += affine.bias[c];
            }
            if (mean == nullptr) continue;
            for (int64_t c = 0; c < channels; ++c) row[c] -= affine.scale(c) * inverse[c] * mean[c];
        }
    }
    return {sums.begin(), sums.end()};
}

template <typename T>
at::Tensor sum_terms(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks, bool rectified,
    at::Tensor *mask, at::Tensor *moments) {
    const int64_t channels = blocks.channels;
    const size_t count = terms.size();
    std::vector<std::vector<float>> scales;
    for (size_t i = 0; i < count; ++i) scales.push_back(scales_of(terms[i], norms[i], blocks));
    const std::vector<float> biases = biases_of(terms, norms, blocks);
    at::Tensor out = at::empty_like(terms[0].x);
    T *into = mutable_values_of<T>(out);
    uint16_t *bits = nullptr;
    if (mask != nullptr) {
        *mask = at::empty({terms[0].x.numel() / 16}, at::kShort);
        bits = mutable_values_of<uint16_t>(*mask);
    }
    const Store way = blocks.way(into, moments != nullptr);
    std::unique_ptr<float[]> parts;
    if (moments != nullptr) parts = std::make_unique_for_overwrite<float[]>(blocks.images * blocks.each * 2 * channels);
    blocks.for_each([&](int64_t task) {
        const int64_t start = blocks.start(task), row = blocks.image(task) * channels;
        Addend<T> addends[most_terms];
        for (size_t i = 0; i < count; ++i) {
            addends[i] = {values_of<T>(terms[i].x) + start, nullptr, scales[i].data() + row};
        }
        const Rectifier rectifier{rectified, bits == nullptr ? nullptr : bits + start / 16, nullptr};
        block_combine(
            addends, static_cast<int64_t>(count), biases.data() + row, rectifier, blocks.count(task), channels, way,
            into + start);
        // While the block is still in the cache.
        if (parts != nullptr) {
            float *part = parts.get() + task * 2 * channels;
            block_moments(into + start, blocks.count(task), channels, part, part + channels);
        }
    });
    if (moments != nullptr) *moments = join_moments(blocks, parts.get());
    return out;
}

}  // namespace

/// Whether a term is x itself, with nothing to multiply or add.
bool is_bare(const Term &term) { return term.norm == CT_NORM_NONE && !term.weight.defined() && !term.bias.defined(); }

at::Tensor evaluate_sum(
    const std::vector<Term> &terms, bool rectified, std::vector<Normalization> &norms, at::Tensor *mask,
    at::Tensor *moments) {
    const Blocks blocks(terms[0].x);
    const auto run = [&]<typename T>(T) {
        for (const Term &term : terms) {
            at::Tensor known = term.moments;
            if (term.norm != CT_NORM_NONE && !term.uses_running && !known.defined())
                known = moments_of<T>(blocks, term.x);
            norms.push_back(normalization(term, blocks, known));
        }
        return sum_terms<T>(terms, norms, blocks, rectified, rectified ? mask : nullptr, moments);
    };
    return terms[0].x.scalar_type() == at::kFloat ? run(float{}) : run(Bfloat16Bits{});
}

at::Tensor repeat_sum(const std::vector<Term> &terms, const std::vector<Normalization> &norms, bool rectified) {
    const Blocks blocks(terms[0].x);
    return terms[0].x.scalar_type() == at::kFloat
        ? sum_terms<float>(terms, norms, blocks, rectified, nullptr, nullptr)
        : sum_terms<Bfloat16Bits>(terms, norms, blocks, rectified, nullptr, nullptr);
}

}  // namespace ctorch
