// Functions of single elements over matrices [rows, width] with strides: blocks (part of the row, row), a row stepped through by the grid's y where there are more rows than a grid has.
#include "gates.cuh"
using namespace octavo;

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
#define OCTAVO_ACTIVATION_MUL(name, X, GATE) \
    OCTAVO_KERNEL(name, 256, (const X* gate_up, i64 stride, X* output, i64 output_stride, int rows, int width)) { \
        activation_mul<X, GATE>(gate_up, stride, output, output_stride, rows, width); \
    }
OCTAVO_ACTIVATION_MUL(octavo_silu_mul_f32, float, Silu)
OCTAVO_ACTIVATION_MUL(octavo_silu_mul_bf16, bfloat16, Silu)
OCTAVO_ACTIVATION_MUL(octavo_silu_mul_f16, float16, Silu)
OCTAVO_ACTIVATION_MUL(octavo_gelu_tanh_mul_f32, float, GeluTanh)
OCTAVO_ACTIVATION_MUL(octavo_gelu_tanh_mul_bf16, bfloat16, GeluTanh)
OCTAVO_ACTIVATION_MUL(octavo_gelu_tanh_mul_f16, float16, GeluTanh)

struct Value { static OCTAVO_INLINE_MEMBER float apply(float, float value) { return value; } };
struct Product { static OCTAVO_INLINE_MEMBER float apply(float x, float factor) { return multiply_exact(x, factor); } };
struct Capped { static OCTAVO_INLINE_MEMBER float apply(float x, float cap) { return multiply_exact(cap, hyperbolic_tangent(divide(x, cap))); } };
struct Same { static OCTAVO_INLINE_MEMBER float apply(float x, float) { return x; } };

// to = f(from, parameter), rounded to nearest even where X is narrower; from may be to, and null where f does not look at it.
template <class F, class A, class X> OCTAVO_INLINE void map(const A* from, i64 from_stride, X* to, i64 to_stride, int rows, int width, float parameter) {
    for (i64 row = block_y(); row < rows; row += blocks_y()) {
        for (int i = block_x() * threads() + thread(); i < width; i += blocks_x() * threads()) {
            store(to + row * to_stride + i, F::apply(from ? to_float(from[row * from_stride + i]) : 0.0f, parameter));
        }
    }
}
#define OCTAVO_MAP(name, F, A, X) \
    OCTAVO_KERNEL(name, 256, (const A* from, i64 from_stride, X* to, i64 to_stride, int rows, int width, float parameter)) { \
        map<F>(from, from_stride, to, to_stride, rows, width, parameter); \
    }
#define OCTAVO_MAP_EACH(name, F) OCTAVO_MAP(name##_f32, F, float, float) OCTAVO_MAP(name##_bf16, F, bfloat16, bfloat16) OCTAVO_MAP(name##_f16, F, float16, float16)
OCTAVO_MAP_EACH(octavo_fill, Value)
OCTAVO_MAP_EACH(octavo_scale, Product)
OCTAVO_MAP_EACH(octavo_soft_cap, Capped)

// From one type into another.
OCTAVO_MAP(octavo_copy_f32_f32, Same, float, float)
OCTAVO_MAP(octavo_copy_f32_bf16, Same, float, bfloat16)
OCTAVO_MAP(octavo_copy_f32_f16, Same, float, float16)
OCTAVO_MAP(octavo_copy_bf16_f32, Same, bfloat16, float)
OCTAVO_MAP(octavo_copy_bf16_bf16, Same, bfloat16, bfloat16)
OCTAVO_MAP(octavo_copy_f16_f32, Same, float16, float)
OCTAVO_MAP(octavo_copy_f16_f16, Same, float16, float16)
