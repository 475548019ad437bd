// From scores to probabilities while keys come by, run after run (arXiv 1805.02867), over the fragments that products of tensor cores make: a warp has 16 rows, and a thread of it, in each tile of eight
// keys, those of 2 · (lane % 4) and the next for rows lane / 4 (elements 0 and 1) and lane / 4 + 8 (2 and 3).
#pragma once
#include "attention.cuh"

namespace octavo {
constexpr float LOG2_E = 1.44269504f;

// How many keys a row sees at most, its own included.
OCTAVO_INLINE int sight_of(int window) { return window > 0 ? window : 1 << 30; }

// Scores times their keys' scales.
template <int TILES> OCTAVO_INLINE void scale_keys(float (&s)[TILES][4], const float* scales, int lane) {
    OCTAVO_UNROLL
    for (int j = 0; j < TILES; j++) {
        OCTAVO_UNROLL
        for (int e = 0; e < 4; e++) { s[j][e] *= scales[8 * j + lane % 4 * 2 + (e & 1)]; }
    }
}
// Probabilities times their values' scales. What is not seen has none, and its scale may be no number: nobody may ever have stored there.
template <int TILES> OCTAVO_INLINE void scale_values(float (&p)[TILES][4], const float* scales, int lane) {
    OCTAVO_UNROLL
    for (int j = 0; j < TILES; j++) {
        OCTAVO_UNROLL
        for (int e = 0; e < 4; e++) { p[j][e] = p[j][e] == 0.0f ? 0.0f : p[j][e] * scales[8 * j + lane % 4 * 2 + (e & 1)]; }
    }
}

// Of a thread's two rows: the largest score so far, and its share of the sum.
struct SoftmaxRows {
    float top[2], sum[2];

    OCTAVO_INLINE_MEMBER void begin() {
        top[0] = top[1] = -float_of(0x7f800000u);
        sum[0] = sum[1] = 0.0f;
    }
};

struct Softmax {
    float inner, factor;  // score = factor · f(inner · product), f being tanh where there is a cap and inner is not 0; a score is an exponent of 2
    int sight;

    static OCTAVO_INLINE_MEMBER Softmax of(float scale, float cap, int window) {
        return {cap > 0.0f ? divide(scale, cap) * (2.0f * LOG2_E) : 0.0f, (cap > 0.0f ? cap : scale) * LOG2_E, sight_of(window)};
    }

    // Whether some row from position `from` to position `to` does not see some of the keys; and whether none sees any.
    OCTAVO_INLINE_MEMBER bool is_edge(int key, int keys, int from, int to) const { return key + keys - 1 > from || to - key >= sight; }
    OCTAVO_INLINE_MEMBER bool is_outside(int key, int keys, int from, int to) const { return key > to || from - (key + keys - 1) >= sight; }

    // Products become probabilities relative to the largest score so far. `last`, where not every row sees every key, holds the last key that each row of the 16 sees; `rescale` gets what everything before
    // is to be multiplied with. A row that has seen nothing keeps zeros.
    template <int TILES> OCTAVO_INLINE_MEMBER void step(float (&s)[TILES][4], SoftmaxRows& rows, float (&rescale)[2], int key, const int* last, int lane) const {
        if (inner != 0.0f) {
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) {
                OCTAVO_UNROLL
                for (int e = 0; e < 4; e++) { s[j][e] = multiply_add(-2.0f, reciprocal_fast(exp2_fast(s[j][e] * inner) + 1.0f), 1.0f); }  // tanh
            }
        }
        if (last) {
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) {
                OCTAVO_UNROLL
                for (int e = 0; e < 4; e++) {
                    bool seen = (u32)(last[lane / 4 + e / 2 * 8] - (key + 8 * j + lane % 4 * 2 + (e & 1))) < (u32)sight;
                    s[j][e] = seen ? s[j][e] : -float_of(0x7f800000u);
                }
            }
        }

        float shift[2];
        OCTAVO_UNROLL
        for (int h = 0; h < 2; h++) {
            float top = rows.top[h];
            OCTAVO_UNROLL
            for (int j = 0; j < TILES; j++) { top = larger(top, larger(s[j][2 * h], s[j][2 * h + 1])); }
            top = larger(top, float_of(shuffle_xor(bits_of(top), 1)));
            top = larger(top, float_of(shuffle_xor(bits_of(top), 2)));
            float origin = top == -float_of(0x7f800000u) ? 0.0f : top;
            rescale[h] = exp2_fast((rows.top[h] - origin) * factor);
            shift[h] = -origin * factor;
            rows.top[h] = top;
            rows.sum[h] *= rescale[h];
        }
        OCTAVO_UNROLL
        for (int j = 0; j < TILES; j++) {
            OCTAVO_UNROLL
            for (int e = 0; e < 4; e++) {
                s[j][e] = exp2_fast(multiply_add(s[j][e], factor, shift[e >> 1]));
                rows.sum[e >> 1] += s[j][e];
            }
        }
    }

    // The row's sum, of all lanes.
    OCTAVO_INLINE_MEMBER float sum_of(const SoftmaxRows& rows, int h) const {
        float sum = rows.sum[h];
        sum += float_of(shuffle_xor(bits_of(sum), 1));
        return sum + float_of(shuffle_xor(bits_of(sum), 2));
    }
    // The exponent that the row's probabilities are relative to.
    OCTAVO_INLINE_MEMBER float top_of(const SoftmaxRows& rows, int h) const { return rows.top[h] == -float_of(0x7f800000u) ? LOWEST : rows.top[h] * factor; }
};

// Probabilities as the second product's left side takes them.
template <class E, int TILES> OCTAVO_INLINE void pack(u32 (&p)[TILES / 2][4], const float (&s)[TILES][4]) {
    OCTAVO_UNROLL
    for (int k = 0; k < TILES / 2; k++) {
        OCTAVO_UNROLL
        for (int i = 0; i < 4; i++) { p[k][i] = Halves<E>::pair(s[2 * k + i / 2][2 * (i & 1)], s[2 * k + i / 2][2 * (i & 1) + 1]); }
    }
}

// What has been added up is relative to another score now; where none of the warp's rows has one, nothing is done.
template <int TILES> OCTAVO_INLINE void rescale_results(float (&o)[TILES][4], const float (&rescale)[2]) {
    if (vote(rescale[0] != 1.0f || rescale[1] != 1.0f)) {
        OCTAVO_UNROLL
        for (int j = 0; j < TILES; j++) {
            OCTAVO_UNROLL
            for (int e = 0; e < 4; e++) { o[j][e] *= rescale[e >> 1]; }
        }
    }
}
}  // namespace octavo
