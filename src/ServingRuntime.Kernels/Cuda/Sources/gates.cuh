// The functions of gated networks.
#pragma once
#include "numbers.cuh"

namespace octavo {
// x / (1 + e^-x).
struct Silu { static OCTAVO_INLINE_MEMBER float apply(float x) { return divide(x, add_exact(1.0f, exponential(-x))); } };

// x / 2 · (1 + tanh u) = x / (1 + e^-2u) with u = sqrt(2 / π) · (x + 0.044715 x³): the second form loses nothing where tanh is close to -1.
struct GeluTanh {
    static OCTAVO_INLINE_MEMBER float apply(float x) {
        float cubic = multiply_add(multiply_exact(0.044715f, x), multiply_exact(x, x), x);
        return divide(x, add_exact(1.0f, exponential(multiply_exact(-1.5957691216f, cubic))));
    }
};
}  // namespace octavo
