// Movement of rows and blocks.
#include "reduce.cuh"
using namespace octavo;

// One block a token: output [T, width] = table[ids[t]]. An id outside of the table gives a row of NaN: it must not be read as something.
template <class W> OCTAVO_INLINE void embedding(const W* table, i64 table_stride, int table_rows, const int* ids, float* output, i64 output_stride, int width) {
    int id = ids[block_x()];
    float* to = output + block_x() * output_stride;
    bool inside = (u32)id < (u32)table_rows;
    for (int i = thread(); i < width; i += threads()) { to[i] = inside ? to_float(table[id * table_stride + i]) : quiet_nan(); }
}
#define OCTAVO_EMBEDDING(name, W) \
    OCTAVO_KERNEL(name, 256, (const W* table, i64 table_stride, int table_rows, const int* ids, float* output, i64 output_stride, int width)) { \
        embedding(table, table_stride, table_rows, ids, output, output_stride, width); \
    }
OCTAVO_EMBEDDING(octavo_embedding_f32, float)
OCTAVO_EMBEDDING(octavo_embedding_bf16, bfloat16)
OCTAVO_EMBEDDING(octavo_embedding_f16, float16)

// Blocks (row r, part of the row): output [R, width] = x[rows[r]]; an index outside of x gives NaN.
template <class X> OCTAVO_INLINE void gather_rows(const X* x, i64 stride, int count, const int* rows, X* output, i64 output_stride, int width) {
    int row = rows[block_x()];
    bool inside = (u32)row < (u32)count;
    for (int i = block_y() * threads() + thread(); i < width; i += blocks_y() * threads()) {
        store(output + block_x() * output_stride + i, inside ? to_float(x[row * stride + i]) : quiet_nan());
    }
}
#define OCTAVO_GATHER_ROWS(name, X) \
    OCTAVO_KERNEL(name, 256, (const X* x, i64 stride, int count, const int* rows, X* output, i64 output_stride, int width)) { \
        gather_rows(x, stride, count, rows, output, output_stride, width); \
    }
OCTAVO_GATHER_ROWS(octavo_gather_rows_f32, float)
OCTAVO_GATHER_ROWS(octavo_gather_rows_bf16, bfloat16)
OCTAVO_GATHER_ROWS(octavo_gather_rows_f16, float16)

// Blocks (row of the output, part of the row): each looks for its row in rows [R] and adds in the order of r, so there are no atomics and the sum is always the same.
// The output is float32, so a sum over several calls is rounded no earlier. 256 indexes at a time: a block without any in them goes on after one barrier.
template <class X> OCTAVO_INLINE void scatter_add_rows(const X* x, i64 stride, const int* rows, const float* weights, int count, float* output, i64 output_stride, int width) {
    OCTAVO_SHARED(u32, found, 8);
    int column = block_y() * threads() + thread();
    float* to = output + block_x() * output_stride + column;
    float sum = column < width ? *to : 0.0f;
    bool any = false;
    for (int base = 0; base < count; base += threads()) {
        int r = base + thread();
        u32 mine = vote(r < count && rows[r] == block_x());
        if (thread() % WARP == 0) { found[thread() / WARP] = mine; }
        sync();
        for (int warp = 0; warp < 8; warp++) {
            for (u32 left = found[warp]; left; left &= left - 1) {
                i64 source = base + warp * WARP + lowest_bit(left);
                if (column < width) { sum = add_exact(multiply_exact(to_float(x[source * stride + column]), weights[source]), sum); }
                any = true;
            }
        }
        sync();
    }
    if (any && column < width) { *to = sum; }
}
#define OCTAVO_SCATTER_ADD_ROWS(name, X) \
    OCTAVO_KERNEL(name, 256, (const X* x, i64 stride, const int* rows, const float* weights, int count, float* output, i64 output_stride, int width)) { \
        scatter_add_rows(x, stride, rows, weights, count, output, output_stride, width); \
    }
OCTAVO_SCATTER_ADD_ROWS(octavo_scatter_add_rows_f32, float)
OCTAVO_SCATTER_ADD_ROWS(octavo_scatter_add_rows_bf16, bfloat16)
OCTAVO_SCATTER_ADD_ROWS(octavo_scatter_add_rows_f16, float16)

// Blocks (chunk, copy, part): whole blocks, of bytes[part] each from bases[part] on, copies[c] = {source, destination}. Copies of one launch must not touch each other's blocks.
OCTAVO_KERNEL(octavo_copy_blocks, 256, (const u64* bases, const i64* bytes, const int* copies)) {
    i64 size = bytes[block_z()] / 16;
    Quad* base = (Quad*)bases[block_z()];
    const Quad* from = base + copies[2 * block_y()] * size;
    Quad* to = base + copies[2 * block_y() + 1] * size;
    for (i64 i = (i64)block_x() * threads() + thread(); i < size; i += (i64)blocks_x() * threads()) { store_quad(to + i, load_quad(from + i)); }
}

// Blocks (chunk, block, part): blocks[b] of each part and piece b of the staging memory, in which a block's parts follow one another. table: addresses of the parts, bytes of a block in each, where each begins.
OCTAVO_KERNEL(octavo_swap_blocks, 256, (const i64* table, int parts, const int* blocks, u8* staging, i64 block_bytes, int to_device)) {
    i64 size = table[parts + block_z()];
    Quad* block = (Quad*)(table[block_z()] + blocks[block_y()] * size);
    Quad* piece = (Quad*)(staging + block_y() * block_bytes + table[2 * parts + block_z()]);
    const Quad* from = to_device ? piece : block;
    Quad* to = to_device ? block : piece;
    for (i64 i = (i64)block_x() * threads() + thread(); i < size / 16; i += (i64)blocks_x() * threads()) { store_quad(to + i, load_quad(from + i)); }
}
