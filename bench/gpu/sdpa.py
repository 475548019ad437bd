#!/usr/bin/env python3
"""PyTorch's causal scaled_dot_product_attention at the shapes of bench/GpuCheck/Benchmarks/PrefillAttention.cs: sdpa.py OUTPUT.json. The best of PyTorch's own kernels counts."""
import json
import statistics
import sys

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

SHAPES = [(1, 1024, 128), (1, 4096, 128), (1, 16384, 128), (8, 1024, 128), (4, 4096, 128), (4, 4096, 64), (4, 4096, 96), (4, 4096, 256)]
BACKENDS = [SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]


def microseconds(run):
    for _ in range(3):
        run()
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    rounds = []
    for _ in range(9):
        begin.record()
        for _ in range(10):
            run()
        end.record()
        end.synchronize()
        rounds.append(begin.elapsed_time(end) * 1000 / 10)
    return statistics.median(rounds)


def best(batch, length, size, heads):
    q = torch.randn(batch, heads, length, size, device="cuda", dtype=torch.bfloat16)
    k, v = (torch.randn(batch, 8, length, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    times = {}
    for backend in BACKENDS:
        for grouped in (True, False):
            # A kernel that cannot share heads of keys gets them repeated beforehand, outside of the time.
            kk, vv = (k, v) if grouped else (k.repeat_interleave(heads // 8, 1), v.repeat_interleave(heads // 8, 1))
            try:
                with sdpa_kernel(backend):
                    times[f"{backend.name} {'grouped' if grouped else 'repeated'}"] = microseconds(
                        lambda: torch.nn.functional.scaled_dot_product_attention(q, kk, vv, is_causal=True, enable_gqa=grouped))
            except RuntimeError as error:
                print(f"{batch} {length} {size} {backend.name}: {str(error).splitlines()[0]}", file=sys.stderr)
    return min(times.items(), key=lambda pair: pair[1])


results = []
for batch, length, size in SHAPES:
    heads = 32 if size <= 128 else 16
    kernel, time = best(batch, length, size, heads)
    flops = 2.0 * batch * length * length * size * heads
    case = f"batch {batch}, prompt {length}, {heads}/8 heads of {size}, BFloat16"
    results.append({"case": case, "teraflops": flops / time / 1e6, "version": torch.__version__, "kernel": kernel})
    print(f"{case:56} {time:10.1f} us {flops / time / 1e6:7.0f} TFLOP/s  {kernel}")
json.dump(results, open(sys.argv[1], "w"), indent=1)
