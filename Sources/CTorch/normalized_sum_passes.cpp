#include "normalized_sum_passes.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "guard.hpp"
#include "normalized_sum_kernels.hpp"
#include "parallel.hpp"

namespace ctorch {
namespace {

/// A map `[N, C, …]` with the channels last, cut into blocks of rows.
struct Blocks {
    int64_t images, positions, channels, rows, each;

    explicit Blocks(const at::Tensor &x)
        : images(x.size(0)), positions(x.numel() / std::max<int64_t>(1, x.size(0) * x.size(1))), channels(x.size(1)) {
        const int64_t wanted = std::max<int64_t>(64, 32768 / channels);
        each = std::max<int64_t>(1, (positions + wanted - 1) / wanted);
        rows = (positions + each - 1) / each;
        each = (positions + rows - 1) / rows;
    }

    int64_t image(int64_t task) const { return task / each; }
    int64_t first(int64_t task) const { return task % each * rows; }
    int64_t count(int64_t task) const { return std::min(rows, positions - first(task)); }
    /// Where a block's values begin.
    int64_t start(int64_t task) const { return (image(task) * positions + first(task)) * channels; }

    template <typename Body>
    void for_each(const Body &body) const {
        parallel_tasks(images * each, body);
    }
};

template <typename T>
const T *values_of(const at::Tensor &x) {
    return static_cast<const T *>(x.const_data_ptr());
}

/// Joins the moments of blocks, `[blocks, 2, C]`, to those of images, `[N, 2, C]`: means and variances.
at::Tensor join_moments(const Blocks &blocks, const std::vector<float> &parts) {
    const int64_t channels = blocks.channels;
    at::Tensor result = at::empty({blocks.images, 2, channels}, at::kFloat);
    float *into = result.mutable_data_ptr<float>();
    parallel_tasks(blocks.images, [&](int64_t image) {
        std::vector<double> means(channels, 0), squares(channels, 0);
        double seen = 0;
        for (int64_t block = 0; block < blocks.each; ++block) {
            const int64_t task = image * blocks.each + block;
            const float *part = parts.data() + task * 2 * channels;
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
    std::vector<float> parts(blocks.images * blocks.each * 2 * blocks.channels);
    const T *from = values_of<T>(x);
    blocks.for_each([&](int64_t task) {
        float *part = parts.data() + task * 2 * blocks.channels;
        block_moments(from + blocks.start(task), blocks.count(task), blocks.channels, part, part + blocks.channels);
    });
    return join_moments(blocks, parts);
}

Normalization normalization(const Term &term, const Blocks &blocks, const at::Tensor &moments) {
    const int64_t channels = blocks.channels, images = blocks.images;
    if (term.norm == CT_NORM_NONE) return {};
    if (term.uses_running) {
        return {
            term.running_mean.to(at::kFloat).clone().view({1, channels}),
            (term.running_variance.to(at::kDouble) + term.epsilon).rsqrt().to(at::kFloat).view({1, channels})};
    }
    const bool is_batch = term.norm == CT_NORM_BATCH;
    Normalization result{
        at::empty({is_batch ? 1 : images, channels}, at::kFloat), at::empty({is_batch ? 1 : images, channels}, at::kFloat)};
    float *means = result.mean.mutable_data_ptr<float>(), *inverses = result.deviation_inverse.mutable_data_ptr<float>();
    const float *known = moments.const_data_ptr<float>();
    if (is_batch) {
        const double count = static_cast<double>(images * blocks.positions);
        float *running_mean = term.running_mean.defined() ? term.running_mean.mutable_data_ptr<float>() : nullptr;
        float *running_variance =
            term.running_variance.defined() ? term.running_variance.mutable_data_ptr<float>() : nullptr;
        for (int64_t c = 0; c < channels; ++c) {
            double mean = 0, within = 0, between = 0;
            for (int64_t n = 0; n < images; ++n) {
                mean += known[2 * n * channels + c];
                within += known[(2 * n + 1) * channels + c];
            }
            mean /= static_cast<double>(images);
            for (int64_t n = 0; n < images; ++n) {
                const double apart = known[2 * n * channels + c] - mean;
                between += apart * apart;
            }
            const double variance = (within + between) / static_cast<double>(images);
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
    for (int64_t n = 0; n < images; ++n) {
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
    }
    return result;
}

/// The affine's number of a channel, where there is one.
struct Affine {
    const float *weight, *bias;

    explicit Affine(const Term &term)
        : weight(term.weight.defined() ? term.weight.const_data_ptr<float>() : nullptr),
          bias(term.bias.defined() ? term.bias.const_data_ptr<float>() : nullptr) {}

    double scale(int64_t c) const { return weight == nullptr ? 1 : weight[c]; }
    double shift(int64_t c) const { return bias == nullptr ? 0 : bias[c]; }
};

template <typename T>
at::Tensor sum_terms(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks, bool rectified,
    at::Tensor *mask, at::Tensor *moments) {
    const int64_t channels = blocks.channels, images = blocks.images;
    const int64_t count = static_cast<int64_t>(terms.size());
    std::vector<std::vector<float>> scales(count);
    std::vector<float> bias(channels, 0);
    for (int64_t i = 0; i < count; ++i) {
        if (is_bare(terms[i])) continue;
        const Affine affine(terms[i]);
        for (int64_t c = 0; c < channels; ++c) bias[c] += static_cast<float>(affine.shift(c));
        scales[i].resize(images * channels);
        for (int64_t n = 0; n < images; ++n) {
            const float *inverse = norms[i].inverses(n);
            for (int64_t c = 0; c < channels; ++c) {
                scales[i][n * channels + c] =
                    static_cast<float>(affine.scale(c) * (inverse == nullptr ? 1 : inverse[c]));
            }
        }
    }
    at::Tensor out = at::empty_like(terms[0].x);
    T *into = static_cast<T *>(out.mutable_data_ptr());
    uint16_t *bits = nullptr;
    if (mask != nullptr) {
        *mask = at::empty({terms[0].x.numel() / 16}, at::kShort);
        bits = static_cast<uint16_t *>(mask->mutable_data_ptr());
    }
    std::vector<float> parts(moments == nullptr ? 0 : images * blocks.each * 2 * channels);
    blocks.for_each([&](int64_t task) {
        const int64_t start = blocks.start(task), image = blocks.image(task);
        ForwardTerm<T> block[most_terms];
        for (int64_t i = 0; i < count; ++i) {
            block[i] = {
                values_of<T>(terms[i].x) + start, scales[i].empty() ? nullptr : scales[i].data() + image * channels,
                norms[i].means(image), terms[i].is_plain};
        }
        block_sum(
            block, count, bias.data(), blocks.count(task), channels, rectified,
            bits == nullptr ? nullptr : bits + start / 16, into + start);
        // While the block is still in the cache.
        if (!parts.empty()) {
            float *part = parts.data() + task * 2 * channels;
            block_moments(into + start, blocks.count(task), channels, part, part + channels);
        }
    });
    if (moments != nullptr) *moments = join_moments(blocks, parts);
    return out;
}

/// What the passes back know of a term, beside what is wanted of it.
struct TermSums {
    /// Σ g ⊙ (x − mean) of each image and channel, where it was wanted.
    std::vector<double> products;
    /// Rows of dx = p ⊙ g + q ⊙ (x − mean) + r for each image; empty: 1, 0, 0.
    std::vector<float> p, q, r;
};

template <typename T>
void reduce_terms(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks, const T *g,
    const uint16_t *mask, const std::vector<TermGradient> &results, std::vector<TermSums> &found, std::vector<double> &sums) {
    const int64_t channels = blocks.channels, images = blocks.images;
    std::vector<int64_t> wanted;
    for (size_t i = 0; i < terms.size(); ++i) {
        const bool has_statistics = terms[i].norm != CT_NORM_NONE && !terms[i].uses_running;
        if (!is_bare(terms[i]) && (results[i].wants_affine || (results[i].wants_x && has_statistics))) {
            wanted.push_back(static_cast<int64_t>(i));
        }
    }
    if (wanted.empty()) return;
    const int64_t kinds = 1 + static_cast<int64_t>(wanted.size());
    std::vector<float> parts(images * blocks.each * kinds * channels);
    const std::vector<float> zeros(channels, 0);
    blocks.for_each([&](int64_t task) {
        const int64_t start = blocks.start(task), image = blocks.image(task);
        float *part = parts.data() + task * kinds * channels;
        ReducedTerm<T> block[most_terms];
        for (size_t i = 0; i < wanted.size(); ++i) {
            const float *means = norms[wanted[i]].means(image);
            block[i] = {
                values_of<T>(terms[wanted[i]].x) + start, means == nullptr ? zeros.data() : means,
                part + (1 + i) * channels};
        }
        block_reduce(
            g + start, mask == nullptr ? nullptr : mask + start / 16, block, kinds - 1, blocks.count(task), channels,
            part);
    });
    sums.assign(images * channels, 0);
    for (const int64_t i : wanted) found[i].products.assign(images * channels, 0);
    parallel_tasks(images, [&](int64_t image) {
        for (int64_t block = 0; block < blocks.each; ++block) {
            const float *part = parts.data() + (image * blocks.each + block) * kinds * channels;
            for (int64_t kind = 0; kind < kinds; ++kind) {
                double *total = (kind == 0 ? sums : found[wanted[kind - 1]].products).data() + image * channels;
                for (int64_t c = 0; c < channels; ++c) total[c] += part[kind * channels + c];
            }
        }
    });
}

/// p, q and r, and the gradient of the affine.
void solve(
    const Term &term, const Normalization &norm, const Blocks &blocks, const std::vector<double> &sums,
    TermGradient &result, TermSums &found) {
    const int64_t channels = blocks.channels, images = blocks.images;
    if (is_bare(term)) return;
    const Affine affine(term);
    if (result.wants_affine) {
        std::vector<double> weight(channels, 0), bias(channels, 0);
        for (int64_t n = 0; n < images; ++n) {
            const float *inverse = norm.inverses(n);
            for (int64_t c = 0; c < channels; ++c) {
                weight[c] += found.products[n * channels + c] * (inverse == nullptr ? 1 : inverse[c]);
                bias[c] += sums[n * channels + c];
            }
        }
        const auto tensor = [&](const std::vector<double> &values) {
            at::Tensor t = at::empty({channels}, at::kFloat);
            std::copy(values.begin(), values.end(), t.mutable_data_ptr<float>());
            return t;
        };
        if (term.weight.defined()) result.weight = tensor(weight);
        if (term.bias.defined()) result.bias = tensor(bias);
    }
    if (!result.wants_x) return;
    const double plain = term.is_plain ? 1 : 0;
    found.p.resize(images * channels);
    for (int64_t n = 0; n < images; ++n) {
        const float *inverse = norm.inverses(n);
        for (int64_t c = 0; c < channels; ++c) {
            found.p[n * channels + c] =
                static_cast<float>(affine.scale(c) * (inverse == nullptr ? 1 : inverse[c]) + plain);
        }
    }
    if (term.norm == CT_NORM_NONE || term.uses_running) return;
    found.q.resize(images * channels);
    found.r.resize(images * channels);
    // From the means over everything that shares statistics of dy and of dy ⊙ x̂.
    const auto share = [&](int64_t n, int64_t c, double mean_gradient, double mean_product) {
        const double inverse = norm.inverses(n)[c];
        found.q[n * channels + c] = static_cast<float>(-inverse * inverse * mean_product);
        found.r[n * channels + c] = static_cast<float>(-inverse * mean_gradient);
    };
    if (term.norm == CT_NORM_BATCH) {
        const double count = static_cast<double>(images * blocks.positions);
        for (int64_t c = 0; c < channels; ++c) {
            double gradient = 0, product = 0;
            for (int64_t n = 0; n < images; ++n) {
                gradient += sums[n * channels + c];
                product += found.products[n * channels + c];
            }
            const double scale = affine.scale(c) / count;
            for (int64_t n = 0; n < images; ++n) share(n, c, gradient * scale, product * scale * norm.inverses(0)[c]);
        }
        return;
    }
    const int64_t width = channels / term.groups;
    const double count = static_cast<double>(width * blocks.positions);
    for (int64_t n = 0; n < images; ++n) {
        for (int64_t g = 0; g < term.groups; ++g) {
            double gradient = 0, product = 0;
            for (int64_t c = g * width; c < (g + 1) * width; ++c) {
                gradient += affine.scale(c) * sums[n * channels + c];
                product += affine.scale(c) * found.products[n * channels + c] * norm.inverses(n)[c];
            }
            for (int64_t c = g * width; c < (g + 1) * width; ++c) share(n, c, gradient / count, product / count);
        }
    }
}

template <typename T>
void differentiate(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const at::Tensor &upstream,
    const at::Tensor &mask, std::vector<TermGradient> &results) {
    const Blocks blocks(upstream);
    const int64_t channels = blocks.channels;
    const T *g = values_of<T>(upstream);
    const uint16_t *bits = mask.defined() ? static_cast<const uint16_t *>(mask.const_data_ptr()) : nullptr;
    std::vector<double> sums;
    std::vector<TermSums> found(terms.size());
    reduce_terms<T>(terms, norms, blocks, g, bits, results, found, sums);
    std::vector<size_t> computed;
    at::Tensor bare;
    for (size_t i = 0; i < terms.size(); ++i) {
        solve(terms[i], norms[i], blocks, sums, results[i], found[i]);
        if (!results[i].wants_x) continue;
        if (is_bare(terms[i])) {
            // All of them have the same gradient; without a ReLU it is the upstream one.
            if (bits == nullptr) bare = upstream;
            if (!bare.defined()) {
                bare = at::empty_like(upstream);
                results[i].x = bare;
                computed.push_back(i);
            }
            results[i].x = bare;
            continue;
        }
        results[i].x = at::empty_like(terms[i].x);
        computed.push_back(i);
    }
    if (computed.empty()) return;
    std::vector<T *> gradients;
    for (const size_t i : computed) gradients.push_back(static_cast<T *>(results[i].x.mutable_data_ptr()));
    blocks.for_each([&](int64_t task) {
        const int64_t start = blocks.start(task), row = blocks.image(task) * channels;
        BackwardTerm<T> block[most_terms];
        for (size_t k = 0; k < computed.size(); ++k) {
            const TermSums &result = found[computed[k]];
            const auto at_row = [&](const std::vector<float> &values) {
                return values.empty() ? nullptr : values.data() + row;
            };
            // Of a bare addend nothing was saved, and nothing is read.
            const at::Tensor &x = terms[computed[k]].x;
            block[k] = {
                x.defined() ? values_of<T>(x) + start : nullptr, at_row(result.p), at_row(result.q), at_row(result.r),
                norms[computed[k]].means(blocks.image(task)), gradients[k] + start};
        }
        block_gradients(
            g + start, bits == nullptr ? nullptr : bits + start / 16, block, static_cast<int64_t>(computed.size()),
            blocks.count(task), channels);
    });
}

}  // namespace

/// Whether a term is x itself, with nothing to multiply or add.
bool is_bare(const Term &term) {
    return term.norm == CT_NORM_NONE && !term.weight.defined() && !term.bias.defined();
}

at::Tensor evaluate_sum(
    const std::vector<Term> &terms, bool rectified, std::vector<Normalization> &norms, at::Tensor *mask,
    at::Tensor *moments) {
    const Blocks blocks(terms[0].x);
    const auto run = [&]<typename T>(T) {
        for (const Term &term : terms) {
            at::Tensor known = term.moments;
            if (term.norm != CT_NORM_NONE && !term.uses_running && !known.defined()) known = moments_of<T>(blocks, term.x);
            norms.push_back(normalization(term, blocks, known));
        }
        return sum_terms<T>(terms, norms, blocks, rectified, rectified ? mask : nullptr, moments);
    };
    return terms[0].x.scalar_type() == at::kFloat ? run(float{}) : run(Bfloat16Bits{});
}

void differentiate_sum(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const at::Tensor &upstream,
    const at::Tensor &mask, std::vector<TermGradient> &results) {
    if (upstream.scalar_type() == at::kFloat) {
        differentiate<float>(terms, norms, upstream, mask, results);
    } else {
        differentiate<Bfloat16Bits>(terms, norms, upstream, mask, results);
    }
}

}  // namespace ctorch
