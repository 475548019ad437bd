// A libnccl.so.2 for tests, in one library with the fake driver (the name is a link to it): ranks are threads of one process, or one thread that enqueues for several. An operation takes effect
// when the streams of all ranks have come to it; what the ranks pass is checked against each other, as the real one does not. A rank that never comes is an error after some seconds.
#include "device.cuh"
#include "numbers.cuh"
#include "fake_cuda.hpp"
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>
#define API extern "C" __attribute__((visibility("default")))
enum { OK = 0, UNHANDLED_CUDA_ERROR = 1, SYSTEM_ERROR = 2, INVALID_ARGUMENT = 4, INVALID_USAGE = 5, REMOTE_ERROR = 6 };
enum Kind { ALL_REDUCE, REDUCE_SCATTER, ALL_GATHER, BROADCAST };
struct UniqueId { char bytes[128]; };
struct Part { u64 from = 0, to = 0; bool enqueued = false, arrived = false; };
struct Operation { Kind kind; u64 count; int type, root; std::vector<Part> parts; bool done = false, wrong = false; };
struct Clique { int ranks = 0, joined = 0, failure = 0; std::map<int, Operation> operations; std::map<int, void*> streams; };
struct Communicator { std::shared_ptr<Clique> clique; int rank, next = 0; };

// Work of streams runs under the driver's lock; this one guards what is made before.
static std::mutex lock;
static std::map<std::string, std::shared_ptr<Clique>> cliques;
static u64 ids;
static std::string last_error;

static int failed(int code, const char* what) { last_error = what; return code; }
static int planned(const char* name) { int code = fake_call(name); return code == 0 ? OK : code < 8 ? code : UNHANDLED_CUDA_ERROR; }
static u64 size_of(int type) { return type == 7 ? 4 : 2; }
static float value(u64 p, u64 i, int type) {
    return type == 7 ? ((const float*)p)[i] : type == 9 ? octavo::to_float(((const octavo::bfloat16*)p)[i]) : octavo::to_float(((const octavo::float16*)p)[i]);
}
static void put(u64 p, u64 i, int type, float x) {
    if (type == 7) { ((float*)p)[i] = x; }
    else if (type == 9) { octavo::store((octavo::bfloat16*)p + i, x); }
    else { octavo::store((octavo::float16*)p + i, x); }
}
static void compute(Operation& o) {
    u64 ranks = o.parts.size(), bytes = o.count * size_of(o.type);
    if (o.kind == ALL_REDUCE || o.kind == REDUCE_SCATTER) {
        u64 all = o.kind == ALL_REDUCE ? o.count : o.count * ranks;
        std::vector<float> sum(all, 0.0f);
        for (auto& part : o.parts) { for (u64 i = 0; i < all; i++) { sum[i] += value(part.from, i, o.type); } }
        for (u64 r = 0; r < ranks; r++) { for (u64 i = 0; i < o.count; i++) { put(o.parts[r].to, i, o.type, sum[o.kind == ALL_REDUCE ? i : r * o.count + i]); } }
        return;
    }
    std::vector<u8> all(o.kind == ALL_GATHER ? bytes * ranks : bytes);
    if (o.kind == BROADCAST) { std::memcpy(all.data(), (void*)o.parts[o.root].from, bytes); }
    else { for (u64 r = 0; r < ranks; r++) { std::memcpy(all.data() + r * bytes, (void*)o.parts[r].from, bytes); } }
    for (auto& part : o.parts) { std::memcpy((void*)part.to, all.data(), all.size()); }
}

// The stream of a rank has come to its operation. One that was given up lets the stream go on, as the real one does once the communicator is aborted.
static int arrive(std::shared_ptr<Clique> clique, int number, int rank) {
    Operation& o = clique->operations[number];
    o.parts[rank].arrived = true;
    for (int other = 0; other < clique->ranks && !o.done; other++) {
        // One thread for several ranks: the other's stream is done as far as this operation.
        if (o.parts[other].enqueued && !o.parts[other].arrived && clique->streams[other] != clique->streams[rank]) { if (int code = fake_drain(clique->streams[other])) { return code; } }
    }
    bool all = true;
    for (auto& part : o.parts) { all = all && part.arrived; }
    if (all && !o.done) { o.done = true; if (!o.wrong) { compute(o); } fake_notify(); }
    if (!o.done && !fake_may_wait()) { return FAKE_NOT_YET; }
    if (!o.done && !fake_wait([&] { return o.done || clique->failure; })) { clique->failure = REMOTE_ERROR; last_error = "a rank did not come"; fake_notify(); return 719; }
    return o.wrong ? 719 : 0;
}
static int collective(const char* name, Kind kind, u64 from, u64 to, u64 count, int type, int root, Communicator* c, void* stream) {
    if (int code = planned(name)) { return failed(code, "as the fake was told"); }
    u64 ranks = c->clique->ranks, bytes = count * size_of(type);
    if (type != 6 && type != 7 && type != 9) { return failed(INVALID_ARGUMENT, "a type that is not known"); }
    if (!fake_inside(from, kind == REDUCE_SCATTER ? bytes * ranks : bytes) || !fake_inside(to, kind == ALL_GATHER ? bytes * ranks : bytes)) { return failed(INVALID_ARGUMENT, "memory that is not the device's"); }
    int number = c->next++;
    {
        std::lock_guard<std::mutex> guard(lock);
        auto made = c->clique->operations.try_emplace(number, Operation{kind, count, type, root, std::vector<Part>(ranks)});
        Operation& o = made.first->second;
        if (o.kind != kind || o.count != count || o.type != type || o.root != root) { o.wrong = true; last_error = "ranks that do not do the same"; }
        o.parts[c->rank] = {from, to, true, false};
        c->clique->streams[c->rank] = stream;
    }
    auto clique = c->clique;
    int rank = c->rank;
    return fake_enqueue(stream, [=] { return arrive(clique, number, rank); }) ? failed(UNHANDLED_CUDA_ERROR, "no such stream") : OK;
}

API int ncclGetVersion(int* version) { *version = 22907; return OK; }
API int ncclGetUniqueId(UniqueId* id) { std::lock_guard<std::mutex> guard(lock); std::memset(id, 0, sizeof *id); std::string text = "fake " + std::to_string(++ids); std::memcpy(id->bytes, text.data(), text.size()); return planned("ncclGetUniqueId"); }
API int ncclCommInitRank(Communicator** c, int ranks, UniqueId id, int rank) {
    if (int code = planned("ncclCommInitRank")) { return failed(code, "as the fake was told"); }
    if (std::strncmp(id.bytes, "fake ", 5)) { return failed(INVALID_ARGUMENT, "an id that is none"); }
    std::lock_guard<std::mutex> guard(lock);
    auto& clique = cliques[id.bytes];
    if (!clique) { clique = std::make_shared<Clique>(); clique->ranks = ranks; }
    if (clique->ranks != ranks || rank < 0 || rank >= ranks || clique->joined == ranks) { return failed(INVALID_USAGE, "ranks that do not agree"); }
    clique->joined++;
    *c = new Communicator{clique, rank};
    return OK;
}
API int ncclCommDestroy(Communicator* c) { delete c; return OK; }
API int ncclCommAbort(Communicator* c) { c->clique->failure = REMOTE_ERROR; fake_notify(); delete c; return OK; }
API int ncclCommGetAsyncError(Communicator* c, int* result) { *result = c->clique->failure; return OK; }
API int ncclAllReduce(u64 from, u64 to, size_t count, int type, int operation, Communicator* c, void* s) { return operation ? INVALID_ARGUMENT : collective("ncclAllReduce", ALL_REDUCE, from, to, count, type, 0, c, s); }
API int ncclReduceScatter(u64 from, u64 to, size_t count, int type, int operation, Communicator* c, void* s) { return operation ? INVALID_ARGUMENT : collective("ncclReduceScatter", REDUCE_SCATTER, from, to, count, type, 0, c, s); }
API int ncclAllGather(u64 from, u64 to, size_t count, int type, Communicator* c, void* s) { return collective("ncclAllGather", ALL_GATHER, from, to, count, type, 0, c, s); }
API int ncclBroadcast(u64 from, u64 to, size_t count, int type, int root, Communicator* c, void* s) { return collective("ncclBroadcast", BROADCAST, from, to, count, type, root, c, s); }
API int ncclGroupStart() { return planned("ncclGroupStart"); }
API int ncclGroupEnd() { return planned("ncclGroupEnd"); }
API const char* ncclGetErrorString(int result) { return result == REMOTE_ERROR ? "remote process exited or there was a network error" : result == UNHANDLED_CUDA_ERROR ? "unhandled cuda error" : "invalid usage"; }
API const char* ncclGetLastError(Communicator*) { return last_error.c_str(); }
