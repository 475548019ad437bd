// Attention for every head size, type and number of queries, all in float32: the device's own reference, and what runs where no kernel for tensor cores is built.
// A block of four warps for each query head of each row; the warps take eight tokens in turn (two where heads are large) and their results are merged at the end. Lanes hold elements lane, lane + 32, ...
#include "attention.cuh"
using namespace octavo;

constexpr int WARPS = 4;

struct Call {
    const void* queries; i64 queries_stride; void* output; i64 output_stride; int type;
    int heads, kv_heads, head_size, block_shift, more_than; float scale; int window; float cap; float* log_sums;
};

template <class C, int PARTS>
OCTAVO_INLINE void attend(const Call& call, const C* keys, const C* values, const float* scales, const Sequences& all) {
    constexpr int TOKENS = PARTS > 4 ? 2 : 8;
    OCTAVO_SHARED(float, merged, WARPS * (PARTS * WARP + 2));
    int warp = thread() / WARP, lane = thread() % WARP, row = block_x() / call.heads, head = block_x() % call.heads, kv_head = head / (call.heads / call.kv_heads);
    int sequence = sequence_of(all, row);
    SequenceView view = sequence < 0 ? SequenceView{all.tables, 0, row, call.more_than + 1} : view_of(all, sequence, kv_head);
    if (view.queries <= call.more_than) { return; }
    int end = view.length - view.queries + (row - view.row) + 1, first = call.window > 0 && end > call.window ? end - call.window : 0;

    i64 from = row * call.queries_stride + (i64)head * call.head_size, to = row * call.output_stride + (i64)head * call.head_size;
    float query[PARTS], sum[PARTS], largest = LOWEST, weight = 0.0f;
    OCTAVO_UNROLL
    for (int i = 0; i < PARTS; i++) {
        int d = i * WARP + lane;
        query[i] = d < call.head_size ? load_as(call.queries, call.type, from + d) : 0.0f;
        sum[i] = 0.0f;
    }
    for (int begin = first + warp * TOKENS; begin < end; begin += WARPS * TOKENS) {
        float score[TOKENS];
        i64 place[TOKENS];
        OCTAVO_UNROLL
        for (int t = 0; t < TOKENS; t++) {
            int token = begin + t < end ? begin + t : end - 1;
            place[t] = place_of_token(view.table, token, call.block_shift, call.kv_heads, kv_head) * call.head_size;
            score[t] = 0.0f;
            OCTAVO_UNROLL
            for (int i = 0; i < PARTS; i++) {
                int d = i * WARP + lane;
                if (d < call.head_size) { score[t] = multiply_add(query[i], to_float(keys[place[t] + d]), score[t]); }
            }
        }
        float top = largest;
        OCTAVO_UNROLL
        for (int t = 0; t < TOKENS; t++) {
            int token = begin + t < end ? begin + t : end - 1;
            score[t] = warp_reduce<Sum>(score[t]);
            if (Stored<C>::SCALED) { score[t] = multiply_exact(score[t], scales[scale_of_token(view.table, token, call.block_shift, call.kv_heads, kv_head, 0)]); }
            score[t] = capped(multiply_exact(score[t], call.scale), call.cap);
            top = larger(top, score[t]);
        }
        float factor = exponential(largest - top);
        largest = top;
        weight = multiply_exact(weight, factor);
        OCTAVO_UNROLL
        for (int i = 0; i < PARTS; i++) { sum[i] = multiply_exact(sum[i], factor); }
        OCTAVO_UNROLL
        for (int t = 0; t < TOKENS; t++) {
            if (begin + t >= end) { break; }
            float share = exponential(score[t] - largest);
            weight = add_exact(weight, share);
            if (Stored<C>::SCALED) { share = multiply_exact(share, scales[scale_of_token(view.table, begin + t, call.block_shift, call.kv_heads, kv_head, 1)]); }
            OCTAVO_UNROLL
            for (int i = 0; i < PARTS; i++) {
                int d = i * WARP + lane;
                if (d < call.head_size) { sum[i] = multiply_add(share, to_float(values[place[t] + d]), sum[i]); }
            }
        }
    }

    int each = PARTS * WARP + 2;
    OCTAVO_UNROLL
    for (int i = 0; i < PARTS; i++) { merged[warp * each + i * WARP + lane] = sum[i]; }
    if (lane == 0) {
        merged[warp * each + each - 2] = largest;
        merged[warp * each + each - 1] = weight;
    }
    sync();
    float top = LOWEST, total = 0.0f, factor[WARPS];
    for (int w = 0; w < WARPS; w++) { top = larger(top, merged[w * each + each - 2]); }
    OCTAVO_UNROLL
    for (int w = 0; w < WARPS; w++) {
        factor[w] = exponential(merged[w * each + each - 2] - top);
        total = multiply_add(factor[w], merged[w * each + each - 1], total);
    }
    for (int d = thread(); d < call.head_size; d += threads()) {
        float x = 0.0f;
        OCTAVO_UNROLL
        for (int w = 0; w < WARPS; w++) { x = multiply_add(factor[w], merged[w * each + d], x); }
        store_as(call.output, call.type, to + d, total == 0.0f ? 0.0f : divide(x, total));
    }
    if (call.log_sums && thread() == 0) { call.log_sums[block_x()] = total == 0.0f ? float_of(0xff800000u) : multiply_add(log2_fast(total), 0.693147181f, top); }
}

#define OCTAVO_ATTENTION(name, C, PARTS) \
    OCTAVO_KERNEL(name, 128, (const void* queries, i64 queries_stride, void* output, i64 output_stride, int type, const C* keys, const C* values, const float* scales, OCTAVO_SEQUENCES_PARAMETERS, \
        int heads, int kv_heads, int block_shift, float scale, int window, float cap, float* log_sums, int head_size, int more_than)) { \
        Call call = {queries, queries_stride, output, output_stride, type, heads, kv_heads, head_size, block_shift, more_than, scale, window, cap, log_sums}; \
        attend<C, PARTS>(call, keys, values, scales, OCTAVO_SEQUENCES); \
    }
OCTAVO_ATTENTION(octavo_attention_f32_128, float, 4)
OCTAVO_ATTENTION(octavo_attention_bf16_128, bfloat16, 4)
OCTAVO_ATTENTION(octavo_attention_f16_128, float16, 4)
OCTAVO_ATTENTION(octavo_attention_i8_128, int8_code, 4)
OCTAVO_ATTENTION(octavo_attention_f8_128, float8_code, 4)
OCTAVO_ATTENTION(octavo_attention_f32_512, float, 16)
OCTAVO_ATTENTION(octavo_attention_bf16_512, bfloat16, 16)
OCTAVO_ATTENTION(octavo_attention_f16_512, float16, 16)
OCTAVO_ATTENTION(octavo_attention_i8_512, int8_code, 16)
OCTAVO_ATTENTION(octavo_attention_f8_512, float8_code, 16)
