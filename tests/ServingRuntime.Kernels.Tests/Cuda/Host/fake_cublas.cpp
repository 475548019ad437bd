// A libcublasLt.so.12 for tests, in one library with the fake driver (the name is a link to it), so that products go into its streams: plain loops, float32 sums, everything checked that the
// real one leaves to its caller: layouts against each other, addresses against allocations, alignment and workspace against what the algorithm was chosen for.
#include "device.cuh"
#include "fake_cuda.hpp"
#include <cstdlib>
#include <cstring>
#define API extern "C" __attribute__((visibility("default")))
enum { OK = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { REAL_32F = 0, REAL_16F = 2, REAL_BF16 = 14, COMPUTE_32F = 68 };
struct Description { int transpose_a = 0, epilogue = 1; u64 bias = 0; };
struct Layout { int type; u64 rows, columns; i64 stride; };
struct Preference { u64 workspace = 0; u32 alignment[4] = {256, 256, 256, 256}; u32 reductions = 7; };
struct Algorithm { u64 magic; u32 alignment[4]; u64 m, n, k; u64 workspace; };
static_assert(sizeof(Algorithm) <= 64);
constexpr u64 MAGIC = 0x6f637461766f4c74;

static bool fits(const Description& d, const Layout& a, const Layout& b, const Layout& c) {
    return d.transpose_a == 1 && a.type == b.type && (a.type == REAL_32F || a.type == REAL_16F || a.type == REAL_BF16) && (c.type == REAL_32F || c.type == a.type) && a.rows == b.rows && a.columns == c.rows && b.columns == c.columns;
}
static float element(int type, u64 p, u64 at) {
    if (type == REAL_32F) { return ((const float*)p)[at]; }
    u16 bits = ((const u16*)p)[at];
    return type == REAL_BF16 ? octavo::float_of((u32)bits << 16) : octavo::float_of_half(bits);
}
static void put(int type, u64 p, u64 at, float x) {
    if (type == REAL_32F) { ((float*)p)[at] = x; }
    else { ((u16*)p)[at] = (u16)(type == REAL_BF16 ? octavo::bfloat16_bits(x) : octavo::half_bits(x)); }
}
static float value(const Layout& l, u64 p, u64 row, u64 column) {
    u64 at = column * l.stride + row;
    return element(l.type, p, at);
}
static u64 bytes(const Layout& l) { return ((l.columns - 1) * l.stride + l.rows) * (l.type == REAL_32F ? 4 : 2); }

API size_t cublasLtGetVersion() { return 120405; }
API int cublasLtCreate(void** handle) { if (int code = fake_call("cublasLtCreate")) { return code; } *handle = std::malloc(1); return OK; }
API int cublasLtDestroy(void* handle) { std::free(handle); return OK; }
API int cublasLtMatmulDescCreate(Description** d, int compute, int scale) { if (compute != COMPUTE_32F || scale != REAL_32F) { return NOT_SUPPORTED; } *d = new Description; return OK; }
API int cublasLtMatmulDescDestroy(Description* d) { delete d; return OK; }
API int cublasLtMatmulDescSetAttribute(Description* d, int attribute, const void* from, size_t size) {
    void* to = attribute == 3 ? (void*)&d->transpose_a : attribute == 7 ? (void*)&d->epilogue : attribute == 8 ? (void*)&d->bias : nullptr;
    if (!to || size != (attribute == 8 ? 8u : 4u)) { return INVALID_VALUE; }
    std::memcpy(to, from, size);
    return OK;
}
API int cublasLtMatrixLayoutCreate(Layout** l, int type, u64 rows, u64 columns, i64 stride) {
    if (!rows || !columns || stride < (i64)rows) { return INVALID_VALUE; }
    *l = new Layout{type, rows, columns, stride};
    return OK;
}
API int cublasLtMatrixLayoutDestroy(Layout* l) { delete l; return OK; }
API int cublasLtMatmulPreferenceCreate(Preference** p) { *p = new Preference; return OK; }
API int cublasLtMatmulPreferenceDestroy(Preference* p) { delete p; return OK; }
API int cublasLtMatmulPreferenceSetAttribute(Preference* p, int attribute, const void* from, size_t size) {
    if (attribute == 1 && size == 8) { std::memcpy(&p->workspace, from, 8); return OK; }
    if (attribute == 3 && size == 4) { std::memcpy(&p->reductions, from, 4); return OK; }
    if (attribute < 5 || attribute > 8 || size != 4) { return INVALID_VALUE; }
    std::memcpy(&p->alignment[attribute - 5], from, 4);
    return OK;
}
API int cublasLtMatmulAlgoGetHeuristic(void*, Description* d, Layout* a, Layout* b, Layout* c, Layout* out, Preference* p, int wanted, u8* results, int* found) {
    if (int code = fake_call("cublasLtMatmulAlgoGetHeuristic")) { return code; }
    if (c != out || wanted < 1 || p->reductions != 2 || !fits(*d, *a, *b, *c)) { return INVALID_VALUE; }  // parts of a sum are never to be rounded
    Algorithm chosen = {MAGIC, {p->alignment[0], p->alignment[1], p->alignment[2], p->alignment[3]}, b->columns, a->columns, a->rows, p->workspace < 1024 ? p->workspace : 1024};
    std::memset(results, 0, 96);
    std::memcpy(results, &chosen, sizeof chosen);
    std::memcpy(results + 64, &chosen.workspace, 8);
    *found = 1;
    return OK;
}
API int cublasLtMatmul(void*, Description* d, const float* alpha, u64 a, Layout* la, u64 b, Layout* lb, const float* beta, u64 c, Layout* lc, u64 out, Layout* lo, const Algorithm* chosen, u64 workspace, size_t workspace_bytes, void* stream) {
    if (int code = fake_call("cublasLtMatmul")) { return code; }
    if (!fits(*d, *la, *lb, *lc) || lc != lo || c != out || chosen->magic != MAGIC || chosen->m != lb->columns || chosen->n != la->columns || chosen->k != la->rows) { return INVALID_VALUE; }
    if (a % chosen->alignment[0] || b % chosen->alignment[1] || c % chosen->alignment[2] || out % chosen->alignment[3]) { return INVALID_VALUE; }
    if (workspace_bytes < chosen->workspace || !fake_inside(workspace, workspace_bytes)) { return INVALID_VALUE; }
    if (!fake_inside(a, bytes(*la)) || !fake_inside(b, bytes(*lb)) || !fake_inside(out, bytes(*lo)) || (d->epilogue == 4 && !fake_inside(d->bias, (lo->type == REAL_32F ? 4 : 2) * lo->rows))) { return INVALID_VALUE; }
    return fake_enqueue(stream, [=, d = *d, la = *la, lb = *lb, lo = *lo, alpha = *alpha, beta = *beta] {
        std::memset((void*)workspace, 0xff, workspace_bytes < 64 ? workspace_bytes : 64);
        for (u64 m = 0; m < lo.columns; m++) {
            for (u64 n = 0; n < lo.rows; n++) {
                float sum = 0.0f;
                for (u64 k = 0; k < la.rows; k++) { sum += value(la, a, k, n) * value(lb, b, k, m); }
                // A bias is of the output's type: another combination is not supported for all inputs.
                u64 to = m * lo.stride + n;
                put(lo.type, out, to, alpha * sum + (beta != 0.0f ? beta * element(lo.type, out, to) : 0.0f) + (d.epilogue == 4 ? element(lo.type, d.bias, n) : 0.0f));
            }
        }
        return 0;
    });
}
