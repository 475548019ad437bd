// Merges what the splits of a row gave, in their order: a warp for each query head of a row, lanes over elements.
#include "attention_splits.cuh"
using namespace octavo;

constexpr int MOST_PARTS = 256 / WARP;

OCTAVO_KERNEL(octavo_attention_combine, 128, (void* output, i64 output_stride, int type, OCTAVO_SEQUENCES_PARAMETERS, int heads, int kv_heads, int window, float* log_sums, OCTAVO_SPLITS_PARAMETERS, int head_size)) {
    SplitCall call = OCTAVO_SPLITS;
    Sequences all = OCTAVO_SEQUENCES;
    int lane = thread() % WARP;
    i64 unit = (i64)block_x() * (threads() / WARP) + thread() / WARP;
    int head = (int)(unit % heads), query = (int)(unit / heads % at_most), sequence = (int)(unit / heads / at_most) + first_sequence;
    if (sequence >= first_sequence + launch_sequences) { return; }
    SequenceView view = view_of(all, sequence, head / (heads / kv_heads));
    if (query >= view.queries || view.queries > at_most) { return; }
    Splits splits = splits_of(view, window, call);
    if (splits.count == 1) { return; }  // written where it was computed

    Partial from = partial_of(call, sequence, query, head, heads, 0, head_size);
    float top = LOWEST, total = 0.0f, sums[MOST_PARTS] = {};
    for (int split = lane; split < splits.count; split += WARP) { top = larger(top, from.state[2 * split]); }
    OCTAVO_UNROLL
    for (int mask = WARP / 2; mask > 0; mask /= 2) { top = larger(top, float_of(shuffle_xor(bits_of(top), mask))); }
    for (int split = 0; split < splits.count; split++) {
        float less = exp2_fast(add_exact(from.state[2 * split], -top));
        total = multiply_add(less, from.state[2 * split + 1], total);
        OCTAVO_UNROLL
        for (int i = 0; i < MOST_PARTS; i++) {
            int d = i * WARP + lane;
            if (d < head_size) { sums[i] = multiply_add(less, from.sums[(i64)split * head_size + d], sums[i]); }
        }
    }
    i64 to = (view.row + query) * output_stride + (i64)head * head_size;
    OCTAVO_UNROLL
    for (int i = 0; i < MOST_PARTS; i++) {
        int d = i * WARP + lane;
        if (d < head_size) { store_as(output, type, to + d, total == 0.0f ? 0.0f : divide(sums[i], total)); }
    }
    if (log_sums && lane == 0) { log_sums[(i64)(view.row + query) * heads + head] = log_sum(top, total); }
}
