// Work on logits [rows, width] in float32: few rows, each of a whole vocabulary (or of all experts).
#include "reduce.cuh"
using namespace octavo;

// A candidate that a larger number says better of: value first, then the lower index.
OCTAVO_INLINE u64 candidate(float value, int index) { return (u64)ordered(value) << 32 | (u32)~index; }
OCTAVO_INLINE int index_of(u64 candidate) { return (int)~(u32)candidate; }

// Blocks (piece of the row, row): the best of each piece into best [rows, pieces]. No order matters to a maximum, so how a row is cut does not either.
OCTAVO_KERNEL(octavo_arg_max_pieces, 512, (const float* logits, i64 stride, int width, u64* best)) {
    const float* row = logits + block_y() * stride;
    u64 mine = 0;
    for (int i = block_x() * threads() + thread(); i < width; i += blocks_x() * threads()) {
        u64 next = candidate(row[i], i);
        mine = next > mine ? next : mine;
    }
    mine = block_largest(mine);
    if (thread() == 0) { best[(i64)block_y() * blocks_x() + block_x()] = mine; }
}

// One warp a row: the best of its pieces; -1 where it is NaN, which orders above all.
OCTAVO_KERNEL(octavo_arg_max, 32, (const u64* best, int pieces, int* tokens)) {
    u64 mine = 0;
    for (int i = thread(); i < pieces; i += WARP) {
        u64 next = best[(i64)block_x() * pieces + i];
        mine = next > mine ? next : mine;
    }
    mine = warp_largest(mine);
    if (thread() == 0) { tokens[block_x()] = mine >> 32 == 0xffffffffu ? -1 : index_of(mine); }
}

// One block a row: output = logits - max - log(sum(exp(logits - max))); output may be logits.
OCTAVO_KERNEL(octavo_log_softmax, 512, (const float* logits, i64 stride, float* output, i64 output_stride, int width)) {
    const float* row = logits + block_x() * stride;
    float* to = output + block_x() * output_stride;
    float max = -float_of(0x7f800000u);
    for (int i = thread(); i < width; i += threads()) { max = Largest::join(max, row[i]); }
    max = block_reduce<Largest>(max, -float_of(0x7f800000u));
    float sum = 0.0f;
    for (int i = thread(); i < width; i += threads()) { sum = add_exact(sum, exponential(add_exact(row[i], -max))); }
    sum = block_reduce<Sum>(sum, 0.0f);
    // The fast logarithm, and one step of Newton's towards the right one.
    float log = multiply_exact(log2_fast(sum), 0.693147181f);
    log = add_exact(log, multiply_add(sum, exponential(-log), -1.0f));
    for (int i = thread(); i < width; i += threads()) { to[i] = add_exact(add_exact(row[i], -max), -log); }
}

// One warp a row of a router's logits [rows, width]: the k largest, best first, the lower expert among equals, and their softmax over all. Each round looks for what comes right after the
// one before in the order of candidates, so nothing has to be marked. NaN comes last and makes every weight NaN.
OCTAVO_KERNEL(octavo_top_experts, 128, (const float* logits, i64 stride, int rows, int width, int k, int renormalize, int* experts, float* weights)) {
    int r = block_x() * (threads() / WARP) + thread() / WARP, lane = thread() % WARP;
    if (r >= rows) { return; }  // the whole warp
    const float* row = logits + r * stride;
    float max = 0.0f, sum = 0.0f, kept = 0.0f;
    u64 last = ~0ull;
    for (int round = 0; round < k; round++) {
        u64 mine = 0;
        for (int i = lane; i < width; i += WARP) {
            float value = row[i];
            u64 next = value != value ? (u64)(u32)~i : candidate(value, i);
            mine = next < last && next > mine ? next : mine;
        }
        last = warp_largest(mine);
        int expert = index_of(last);
        if (round == 0) {
            max = row[expert];
            for (int i = lane; i < width; i += WARP) { sum = add_exact(sum, exponential(add_exact(row[i], -max))); }
            sum = warp_reduce<Sum>(sum);
        }
        float weight = divide(exponential(add_exact(row[expert], -max)), sum);
        kept = add_exact(kept, weight);
        if (lane == 0) {
            experts[(i64)r * k + round] = expert;
            weights[(i64)r * k + round] = weight;
        }
    }
    warp_sync();
    if (renormalize) {
        for (int i = lane; i < k; i += WARP) { weights[(i64)r * k + i] = divide(weights[(i64)r * k + i], kept); }
    }
}
