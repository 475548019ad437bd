// Norms, rotation and gates: work on each row (or head) by itself. A, X: activations, float, bfloat16 or float16; the residual stream, weights and sums are float32. Strides are in elements.
#include "reduce.cuh"
using namespace octavo;

// A row of up to this many packs a thread is kept in registers between the sum and the product.
constexpr int KEPT = 4;

// PACK elements from p on: one, or as many whole packs of T as make that many.
template <int PACK, class T> OCTAVO_INLINE void load_elements(const T* p, float (&v)[PACK]) {
    if constexpr (PACK == 1) {
        v[0] = to_float(*p);
    } else {
        OCTAVO_UNROLL
        for (int at = 0; at < PACK; at += Pack<T>::COUNT) {
            float part[Pack<T>::COUNT];
            load_pack(p + at, part);
            OCTAVO_UNROLL
            for (int i = 0; i < Pack<T>::COUNT; i++) { v[at + i] = part[i]; }
        }
    }
}
template <int PACK, class T> OCTAVO_INLINE void save_elements(T* p, const float (&v)[PACK]) {
    if constexpr (PACK == 1) {
        store(p, v[0]);
    } else {
        OCTAVO_UNROLL
        for (int at = 0; at < PACK; at += Pack<T>::COUNT) {
            float part[Pack<T>::COUNT];
            OCTAVO_UNROLL
            for (int i = 0; i < Pack<T>::COUNT; i++) { part[i] = v[at + i]; }
            store_pack(p + at, part);
        }
    }
}

// Pack i of a row, with the residual added (and stored) where there is one.
template <class A, int PACK> OCTAVO_INLINE void take(const A* x, float* residual, int at, float (&v)[PACK]) {
    load_elements(x + at, v);
    if (residual) {
        float r[PACK];
        load_elements(residual + at, r);
        OCTAVO_UNROLL
        for (int i = 0; i < PACK; i++) { v[i] = add_exact(r[i], v[i]); }
        save_elements(residual + at, v);
    }
}

template <int PACK, class A, class X> OCTAVO_INLINE void norm_row(const A* x, float* residual, const float* weight, int width, float epsilon, X* output) {
    float kept[KEPT][PACK];
    float sum = 0.0f;
    int step = threads() * PACK, first = thread() * PACK;
    OCTAVO_UNROLL
    for (int k = 0; k < KEPT; k++) {
        int at = first + k * step;
        if (at < width) {
            take(x, residual, at, kept[k]);
            OCTAVO_UNROLL
            for (int i = 0; i < PACK; i++) { sum = multiply_add(kept[k][i], kept[k][i], sum); }
        }
    }
    for (int at = first + KEPT * step; at < width; at += step) {
        float v[PACK];
        take(x, residual, at, v);
        OCTAVO_UNROLL
        for (int i = 0; i < PACK; i++) { sum = multiply_add(v[i], v[i], sum); }
    }
    float mean = divide(block_reduce<Sum>(sum, 0.0f), (float)width);
    float scale = divide(1.0f, square_root(add_exact(mean, epsilon)));
    // Each thread writes only what it alone has read, so output may be x.
    OCTAVO_UNROLL
    for (int k = 0; k < KEPT; k++) {
        int at = first + k * step;
        if (at < width) {
            float v[PACK];
            load_elements(weight + at, v);
            OCTAVO_UNROLL
            for (int i = 0; i < PACK; i++) { v[i] = kept[k][i] * scale * v[i]; }
            save_elements(output + at, v);
        }
    }
    for (int at = first + KEPT * step; at < width; at += step) {
        float v[PACK], w[PACK];
        if (residual) { load_elements(residual + at, v); }
        else { load_elements(x + at, v); }
        load_elements(weight + at, w);
        OCTAVO_UNROLL
        for (int i = 0; i < PACK; i++) { v[i] = v[i] * scale * w[i]; }
        save_elements(output + at, v);
    }
}

// One block a row; residual may be null. The order of the sum depends on the width and on how the matrix lies, which is the same for all of its rows.
template <class A, class X> OCTAVO_INLINE void rms_norm(const A* x, i64 x_stride, float* residual, i64 residual_stride, const float* weight, float epsilon, X* output, i64 output_stride, int width) {
    i64 row = block_x();
    bool packs = in_packs(x, x_stride, width) && in_packs(output, output_stride, width) && in_packs(weight, 0, width) && (!residual || in_packs(residual, residual_stride, width));
    x += row * x_stride;
    output += row * output_stride;
    if (residual) { residual += row * residual_stride; }
    if (packs) { norm_row<Pack<X>::COUNT>(x, residual, weight, width, epsilon, output); }
    else { norm_row<1>(x, residual, weight, width, epsilon, output); }
}
#define OCTAVO_RMS_NORM(name, A, X) \
    OCTAVO_KERNEL(name, 256, (const A* x, i64 x_stride, float* residual, i64 residual_stride, const float* weight, float epsilon, X* output, i64 output_stride, int width)) { \
        rms_norm(x, x_stride, residual, residual_stride, weight, epsilon, output, output_stride, width); \
    }
OCTAVO_RMS_NORM(octavo_rms_norm_f32_f32, float, float)
OCTAVO_RMS_NORM(octavo_rms_norm_f32_bf16, float, bfloat16)
OCTAVO_RMS_NORM(octavo_rms_norm_f32_f16, float, float16)
OCTAVO_RMS_NORM(octavo_rms_norm_bf16_bf16, bfloat16, bfloat16)
OCTAVO_RMS_NORM(octavo_rms_norm_f16_f16, float16, float16)

// One warp a head of a row, in place.
template <class X> OCTAVO_INLINE void head_rms_norm(X* x, i64 stride, int rows, int heads, int head_size, const float* weight, float epsilon) {
    int unit = block_x() * (threads() / WARP) + thread() / WARP;
    if (unit >= rows * heads) { return; }  // the whole warp
    X* head = x + unit / heads * stride + unit % heads * head_size;
    float sum = 0.0f;
    for (int i = thread() % WARP; i < head_size; i += WARP) { float v = to_float(head[i]); sum = multiply_add(v, v, sum); }
    float mean = divide(warp_reduce<Sum>(sum), (float)head_size);
    float scale = divide(1.0f, square_root(add_exact(mean, epsilon)));
    for (int i = thread() % WARP; i < head_size; i += WARP) { store(head + i, to_float(head[i]) * scale * weight[i]); }
}
#define OCTAVO_HEAD_RMS_NORM(name, X) \
    OCTAVO_KERNEL(name, 128, (X* x, i64 stride, int rows, int heads, int head_size, const float* weight, float epsilon)) { \
        head_rms_norm(x, stride, rows, heads, head_size, weight, epsilon); \
    }
OCTAVO_HEAD_RMS_NORM(octavo_head_rms_norm_f32, float)
OCTAVO_HEAD_RMS_NORM(octavo_head_rms_norm_bf16, bfloat16)
OCTAVO_HEAD_RMS_NORM(octavo_head_rms_norm_f16, float16)

// Blocks (row, part of the row's pairs). table [positions, rotary]: rotary / 2 cosines, then the sines. A position outside of the table makes the head NaN: it must not be read as something.
template <class X> OCTAVO_INLINE void rotary_embedding(X* x, i64 stride, int heads, int head_size, const int* positions, const float* table, i64 table_stride, int table_rows, int rotary, int interleaved) {
    int half = rotary / 2, pair = block_y() * threads() + thread();
    if (pair >= heads * half) { return; }
    int position = positions[block_x()], i = pair % half;
    X* head = x + block_x() * stride + (i64)(pair / half) * head_size;
    X* first = head + (interleaved ? 2 * i : i);
    X* second = interleaved ? first + 1 : first + half;
    if ((u32)position >= (u32)table_rows) { store(first, quiet_nan()); store(second, quiet_nan()); return; }
    float c = table[position * table_stride + i], s = table[position * table_stride + half + i];
    float a = to_float(*first), b = to_float(*second);
    store(first, add_exact(multiply_exact(a, c), -multiply_exact(b, s)));
    store(second, add_exact(multiply_exact(b, c), multiply_exact(a, s)));
}
#define OCTAVO_ROTARY_EMBEDDING(name, X) \
    OCTAVO_KERNEL(name, 256, (X* x, i64 stride, int heads, int head_size, const int* positions, const float* table, i64 table_stride, int table_rows, int rotary, int interleaved)) { \
        rotary_embedding(x, stride, heads, head_size, positions, table, table_stride, table_rows, rotary, interleaved); \
    }
OCTAVO_ROTARY_EMBEDDING(octavo_rotary_embedding_f32, float)
OCTAVO_ROTARY_EMBEDDING(octavo_rotary_embedding_bf16, bfloat16)
OCTAVO_ROTARY_EMBEDDING(octavo_rotary_embedding_f16, float16)
