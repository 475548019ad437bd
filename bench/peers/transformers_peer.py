"""Measures Hugging Face transformers on PyTorch, CPU, bfloat16. Called by `octavo-bench peers` with one JSON argument; the last line printed is the result.

{"work": "prefill", "model": DIR, "threads": 2, "tokens": 512, "repeat": 3}            prompt tokens per second of one forward pass that fills the cache
{"work": "batches", "model": DIR, "threads": 2, "batch": 16, "requests": [[prompt, answer], ...]}   output tokens per second of generate() in static batches
Whichever of sdpa and eager attention is faster here counts.
"""

import json
import sys
import time

import torch
import transformers


def load(work, attention):
    return transformers.AutoModelForCausalLM.from_pretrained(work["model"], dtype=torch.bfloat16, attn_implementation=attention).eval()


def prefill(model, tokens, repeat):
    ids = torch.randint(0, 150000, (1, tokens), generator=torch.Generator().manual_seed(1))
    rates = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        model(ids, use_cache=True, logits_to_keep=1)
        rates.append(tokens / (time.perf_counter() - start))
    return sorted(rates[1:])[repeat // 2]


def batches(model, requests, size):
    """Left-padded batches in order of arrival; each ends with its longest answer, and only tokens that were asked for count."""
    generator = torch.Generator().manual_seed(2)
    wanted = 0
    start = time.perf_counter()
    for first in range(0, len(requests), size):
        group = requests[first : first + size]
        width, answer = max(p for p, _ in group), max(a for _, a in group)
        ids = torch.randint(0, 150000, (len(group), width), generator=generator)
        mask = torch.ones_like(ids)
        for row, (prompt, _) in enumerate(group):
            mask[row, : width - prompt] = 0
        model.generate(ids, attention_mask=mask, do_sample=False, min_new_tokens=answer, max_new_tokens=answer, pad_token_id=0)
        wanted += sum(a for _, a in group)
    return wanted / (time.perf_counter() - start)


def main():
    work = json.loads(sys.argv[1])
    torch.set_num_threads(work["threads"])
    transformers.logging.set_verbosity_error()
    with torch.inference_mode():
        tokens, repeat = (work["tokens"], work["repeat"]) if work["work"] == "prefill" else (256, 1)
        rates, models = {}, {}
        for attention in ("sdpa", "eager"):
            models[attention] = load(work, attention)
            rates[attention] = prefill(models[attention], tokens, repeat)
        best = max(rates, key=rates.get)
        if work["work"] == "prefill":
            figures = {"prompt_tokens_per_second": rates[best]}
        else:
            figures = {"output_tokens_per_second": batches(models[best], work["requests"], work["batch"])}
    print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "attention": best, "figures": figures}))


main()
