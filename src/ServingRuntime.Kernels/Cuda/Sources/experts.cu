// A mixture of experts on the device, around its products (tiles.cuh, exact.cuh): a choice is one of a token's k experts, numbered token · k + its place; no count comes to the host.
#include "gates.cuh"
#include "inputs.cuh"
using namespace octavo;

// A block an expert: list [experts, pitch] = its choices in their order, so that nothing depends on which block runs first; counts [experts].
OCTAVO_KERNEL(octavo_expert_lists, 256, (const int* chosen, int choices, int* list, i64 pitch, int* counts)) {
    OCTAVO_SHARED(u32, found, 8);
    int expert = block_x(), warp = thread() / WARP, count = 0;
    for (int base = 0; base < choices; base += threads()) {
        int choice = base + thread();
        bool mine = choice < choices && chosen[choice] == expert;
        u32 votes = vote(mine);
        if (thread() % WARP == 0) { found[warp] = votes; }
        sync();
        int before = count_bits(votes & ((1u << thread() % WARP) - 1)), all = 0;
        for (int w = 0; w < 8; w++) {
            int there = count_bits(found[w]);
            before += w < warp ? there : 0;
            all += there;
        }
        if (mine) { list[expert * pitch + count + before] = choice; }
        count += all;
        sync();
    }
    if (thread() == 0) { counts[expert] = count; }
}

// One block: places [limit] = {expert, first of its choices} for each tile of so many rows, expert after expert, then {-1, 0}.
OCTAVO_KERNEL(octavo_expert_places, 1024, (const int* counts, int experts, int rows, int* places, int limit)) {
    OCTAVO_SHARED(int, ends, 2048);
    int mine = thread() < experts ? (counts[thread()] + rows - 1) / rows : 0, from = 0;
    ends[thread()] = mine;
    sync();
    for (int step = 1; step < 1024; step *= 2) {
        ends[(from ^ 1) * 1024 + thread()] = ends[from * 1024 + thread()] + (thread() >= step ? ends[from * 1024 + thread() - step] : 0);
        from ^= 1;
        sync();
    }
    int end = ends[from * 1024 + thread()], all = ends[from * 1024 + 1023];
    for (int i = 0; i < mine; i++) {
        places[2 * (end - mine + i)] = thread();
        places[2 * (end - mine + i) + 1] = i * rows;
    }
    for (int i = all + thread(); i < limit; i += threads()) {
        places[2 * i] = -1;
        places[2 * i + 1] = 0;
    }
}

OCTAVO_PREPARE(octavo_expert_silu, Gated<Silu>)
OCTAVO_PREPARE(octavo_expert_gelu_tanh, Gated<GeluTanh>)

// A block a token: output = the sum of its choices' rows by their weights, in the order of the experts, as the CPU adds them. Up to 64 choices.
OCTAVO_KERNEL(octavo_expert_sum, 256, (const float* rows, i64 stride, const int* chosen, const float* weights, int k, float* output, i64 output_stride, int width)) {
    OCTAVO_SHARED(int, order, 64);
    OCTAVO_SHARED(float, shares, 64);
    i64 first = (i64)block_x() * k;
    if (thread() < k) {
        int expert = chosen[first + thread()], place = 0;
        for (int i = 0; i < k; i++) { place += chosen[first + i] < expert; }
        order[place] = thread();
        shares[place] = weights[first + thread()];
    }
    sync();
    for (int column = thread(); column < width; column += threads()) {
        float sum = 0.0f;
        for (int i = 0; i < k; i++) { sum = add_exact(multiply_exact(rows[(first + order[i]) * stride + column], shares[i]), sum); }
        output[block_x() * output_stride + column] = sum;
    }
}

// A block a row: output += x / (1 + e^-gate), gate [rows] float32, gate_stride apart.
OCTAVO_KERNEL(octavo_expert_shared, 256, (Rows x, const float* gate, i64 gate_stride, float* output, i64 output_stride, int width)) {
    float share = divide(1.0f, add_exact(1.0f, exponential(-gate[block_x() * gate_stride])));
    float* to = output + block_x() * output_stride;
    for (int column = thread(); column < width; column += threads()) { to[column] = add_exact(multiply_exact(load_as(x.data, x.type, block_x() * x.stride + column), share), to[column]); }
}
