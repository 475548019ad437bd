// Functions of single elements over matrices [rows, width] with strides: blocks (part of the row, row), a row stepped through by the grid's y where there are more rows than a grid has.
#include "numbers.cuh"
using namespace octavo;

// x / (1 + e^-x).
struct Silu { static OCTAVO_INLINE_MEMBER float apply(float x) { return divide(x, add_exact(1.0f, exponential(-x))); } };

// x / 2 · (1 + tanh u) = x / (1 + e^-2u) with u = sqrt(2 / π) · (x + 0.044715 x³): the second form loses nothing where tanh is close to -1.
struct GeluTanh {
    static OCTAVO_INLINE_MEMBER float apply(float x) {
        float cubic = multiply_add(multiply_exact(0.044715f, x), multiply_exact(x, x), x);
        return divide(x, add_exact(1.0f, exponential(multiply_exact(-1.5957691216f, cubic))));
    }
};

// output [rows, width] = gate(gate_up[:, :width]) * gate_up[:, width:].
template <class X, class GATE> OCTAVO_INLINE void activation_mul(const X* gate_up, i64 stride, X* output, i64 output_stride, int rows, int width) {
    bool packs = in_packs(gate_up, stride, width) && in_packs(output, output_stride, width);
    for (i64 row = block_y(); row < rows; row += blocks_y()) {
        const X* gate = gate_up + row * stride;
        X* to = output + row * output_stride;
        if (packs) {
            int at = (block_x() * threads() + thread()) * Pack<X>::COUNT;
            if (at < width) {
                float g[Pack<X>::COUNT], u[Pack<X>::COUNT];
                load_pack(gate + at, g);
                load_pack(gate + width + at, u);
                OCTAVO_UNROLL
                for (int i = 0; i < Pack<X>::COUNT; i++) { g[i] = multiply_exact(GATE::apply(g[i]), u[i]); }
                store_pack(to + at, g);
            }
        } else {
            for (int i = block_x() * threads() + thread(); i < width; i += blocks_x() * threads()) {
                store(to + i, multiply_exact(GATE::apply(to_float(gate[i])), to_float(gate[width + i])));
            }
        }
    }
}
OCTAVO_KERNEL(octavo_silu_mul_f32, 256, (const float* gate_up, i64 stride, float* output, i64 output_stride, int rows, int width)) {
    activation_mul<float, Silu>(gate_up, stride, output, output_stride, rows, width);
}
OCTAVO_KERNEL(octavo_silu_mul_bf16, 256, (const bfloat16* gate_up, i64 stride, bfloat16* output, i64 output_stride, int rows, int width)) {
    activation_mul<bfloat16, Silu>(gate_up, stride, output, output_stride, rows, width);
}
OCTAVO_KERNEL(octavo_gelu_tanh_mul_f32, 256, (const float* gate_up, i64 stride, float* output, i64 output_stride, int rows, int width)) {
    activation_mul<float, GeluTanh>(gate_up, stride, output, output_stride, rows, width);
}
OCTAVO_KERNEL(octavo_gelu_tanh_mul_bf16, 256, (const bfloat16* gate_up, i64 stride, bfloat16* output, i64 output_stride, int rows, int width)) {
    activation_mul<bfloat16, GeluTanh>(gate_up, stride, output, output_stride, rows, width);
}

struct Value { static OCTAVO_INLINE_MEMBER float apply(float, float value) { return value; } };
struct Product { static OCTAVO_INLINE_MEMBER float apply(float x, float factor) { return multiply_exact(x, factor); } };
struct Capped { static OCTAVO_INLINE_MEMBER float apply(float x, float cap) { return multiply_exact(cap, hyperbolic_tangent(divide(x, cap))); } };
struct Same { static OCTAVO_INLINE_MEMBER float apply(float x, float) { return x; } };

// to = f(from, parameter); from may be to, and null where f does not look at it.
template <class X, class F> OCTAVO_INLINE void map(const X* from, i64 from_stride, X* to, i64 to_stride, int rows, int width, float parameter) {
    for (i64 row = block_y(); row < rows; row += blocks_y()) {
        for (int i = block_x() * threads() + thread(); i < width; i += blocks_x() * threads()) {
            store(to + row * to_stride + i, F::apply(from ? to_float(from[row * from_stride + i]) : 0.0f, parameter));
        }
    }
}
#define OCTAVO_MAP(name, F) \
    OCTAVO_KERNEL(name##_f32, 256, (const float* from, i64 from_stride, float* to, i64 to_stride, int rows, int width, float parameter)) { \
        map<float, F>(from, from_stride, to, to_stride, rows, width, parameter); \
    } \
    OCTAVO_KERNEL(name##_bf16, 256, (const bfloat16* from, i64 from_stride, bfloat16* to, i64 to_stride, int rows, int width, float parameter)) { \
        map<bfloat16, F>(from, from_stride, to, to_stride, rows, width, parameter); \
    }
OCTAVO_MAP(octavo_fill, Value)
OCTAVO_MAP(octavo_scale, Product)
OCTAVO_MAP(octavo_soft_cap, Capped)
OCTAVO_MAP(octavo_copy, Same)

// Activations as a product with bfloat16 weights takes them: rounded to nearest even.
OCTAVO_KERNEL(octavo_round_bf16, 256, (const float* from, i64 from_stride, bfloat16* to, i64 to_stride, int rows, int width)) {
    for (i64 row = block_y(); row < rows; row += blocks_y()) {
        for (int i = block_x() * threads() + thread(); i < width; i += blocks_x() * threads()) { store(to + row * to_stride + i, from[row * from_stride + i]); }
    }
}
