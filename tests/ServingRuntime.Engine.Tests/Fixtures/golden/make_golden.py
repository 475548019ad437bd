"""Makes small random checkpoints and what transformers computes with them, for GoldenCheckpointTests and DeviceGoldenTests.

    python3 make_golden.py OUTPUT [NAME...]        (transformers 5.12, torch, safetensors; CPU)

The folders beside this file are some of its cases; GoldenCheckpointTests runs the others, too, where OCTAVO_GOLDEN names a folder with models/NAME.

Weights are drawn so that activations are O(1) and logits have a standard deviation of about 3, and are stored in float16, which float32
holds exactly. Prompts are drawn anew until no greedy step has its two best logits closer than MIN_MARGIN, so that any order of summation in float32 gives
the same tokens. Quantised checkpoints are packed from the stored weights by the formats' descriptions; their goldens are computed in float32 with
the weights taken out of the packing again. config.json is in the spelling of transformers 4, config.alt.json in that of 5.
"""
import json, math, os, shutil, sys, tempfile
import numpy as np, torch, transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

torch.set_num_threads(1)
torch.set_grad_enabled(False)
transformers.logging.set_verbosity_error()
LENGTHS, STEPS, MIN_MARGIN, VOCAB = [1, 3, 17, 40, 100], 24, 0.01, 256
BASE = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=512, bos_token_id=1, eos_token_id=2, pad_token_id=0, rms_norm_eps=1e-5, tie_word_embeddings=False)
WIDE = dict(hidden_size=128, intermediate_size=192, num_attention_heads=4, num_key_value_heads=2)


def llama(**more):
    return {"model_type": "llama", "rope_theta": 10000.0, **more}


LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
MOE = dict(num_experts_per_tok=2, norm_topk_prob=False)
LONG = dict(short_factor=[1.0, 1.02, 1.05, 1.1, 1.15, 1.2], long_factor=[1.0, 1.3, 1.9, 2.7, 3.9, 5.2])
CASES = {
    # name: (config in transformers 4's spelling, quantisation)
    "llama_yarn_f16": (llama(rope_scaling=dict(rope_type="yarn", factor=8.0, original_max_position_embeddings=64)), None),
    "llama_yarn_mscale_f16": (llama(rope_scaling=dict(
        type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=16, beta_slow=2, mscale=0.7, mscale_all_dim=1.2), head_dim=32), None),
    "llama_dynamic_f16": (llama(rope_scaling=dict(type="dynamic", factor=4.0)), None),
    "llama_mqa_bias_f16": (llama(attention_bias=True, mlp_bias=True, num_key_value_heads=1, head_dim=24), None),
    "llama3_tied_f16": (llama(rope_scaling=LLAMA3, tie_word_embeddings=True, rope_theta=500000.0), None),
    "mistral_nemo_f16": (dict(model_type="mistral", rope_theta=1e6, head_dim=24, sliding_window=None), None),
    "qwen2_upper_window_f16": (dict(model_type="qwen2", rope_theta=1e6, use_sliding_window=True, sliding_window=16, max_window_layers=1), None),
    "qwen3_yarn_f16": (dict(model_type="qwen3", rope_theta=1e6, head_dim=32, attention_bias=True,
                            rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=128)), None),
    "qwen3_moe_dense_layers_f16": (dict(model_type="qwen3_moe", rope_theta=1e6, head_dim=16, num_experts=4, moe_intermediate_size=32, mlp_only_layers=[1],
                                        num_hidden_layers=3, use_sliding_window=True, sliding_window=24, max_window_layers=1, **MOE), None),
    "qwen2_moe_f16": (dict(model_type="qwen2_moe", rope_theta=1e6, num_experts=6, moe_intermediate_size=32, shared_expert_intermediate_size=64, **MOE), None),
    "qwen2_moe_sparse_step_f16": (dict(model_type="qwen2_moe", rope_theta=1e6, num_experts=4, moe_intermediate_size=32, shared_expert_intermediate_size=32,
                                       decoder_sparse_step=2, num_hidden_layers=4, use_sliding_window=True, sliding_window=16, max_window_layers=3,
                                       num_experts_per_tok=3, norm_topk_prob=True), None),
    "gemma_f16": (dict(model_type="gemma", rope_theta=10000.0, head_dim=32, hidden_act="gelu_pytorch_tanh", num_key_value_heads=1, tie_word_embeddings=True), None),
    "gemma3_linear_f16": (dict(model_type="gemma3_text", rope_theta=1e6, rope_local_base_freq=10000.0, rope_scaling=dict(rope_type="linear", factor=8.0), head_dim=16,
                               num_hidden_layers=3, sliding_window=16, sliding_window_pattern=3, query_pre_attn_scalar=24, tie_word_embeddings=True), None),
    "glm_f16": (dict(model_type="glm", rope_theta=10000.0, head_dim=16, partial_rotary_factor=0.5, attention_bias=True), None),
    "phi3_mini4_f16": (dict(model_type="phi3", rope_theta=10000.0, partial_rotary_factor=0.75, sliding_window=16, original_max_position_embeddings=512,
                            rope_scaling=dict(type="longrope", **LONG), tie_word_embeddings=True), None),
    "phi3_window_f16": (dict(model_type="phi3", rope_theta=10000.0, sliding_window=24), None),
    "chatglm2_mqa_f16": (dict(model_type="glm", rope_theta=10000.0 * 4, head_dim=16, partial_rotary_factor=0.5, attention_bias=True), "chatglm"),
    "gptq_v2_g32": (llama(), dict(quant_method="gptq", bits=4, group_size=32, desc_act=False, sym=False, checkpoint_format="gptq_v2")),
    "gptq_8bit_sym_g32": (llama(), dict(quant_method="gptq", bits=8, group_size=32, desc_act=False, sym=True, checkpoint_format="gptq")),
    "gptq_8bit_asym_desc_act": (dict(model_type="qwen2", rope_theta=1e6), dict(quant_method="gptq", bits=8, group_size=32, desc_act=True, sym=False, checkpoint_format="gptq")),
    "gptq_whole_sym": (llama(), dict(quant_method="gptq", bits=4, group_size=-1, desc_act=False, sym=True, checkpoint_format="gptq")),
    "gptq_whole_asym_desc_act": (llama(), dict(quant_method="gptq", bits=4, group_size=-1, desc_act=True, sym=False, checkpoint_format="gptq")),
    "gptq_qwen2_moe_g32": (dict(model_type="qwen2_moe", rope_theta=1e6, num_experts=4, moe_intermediate_size=32, shared_expert_intermediate_size=64, **MOE),
                           dict(quant_method="gptq", bits=4, group_size=32, desc_act=False, sym=True, checkpoint_format="gptq")),
    "awq_g32": (llama(), dict(quant_method="awq", bits=4, group_size=32, zero_point=True, version="gemm")),
    "awq_mixtral_g32": (dict(model_type="mixtral", rope_theta=1e6, num_local_experts=4, num_experts_per_tok=2),
                        dict(quant_method="awq", bits=4, group_size=32, zero_point=True, version="gemm")),
    "awq_gemma3_g32": (dict(model_type="gemma3_text", rope_theta=1e6, rope_local_base_freq=10000.0, head_dim=16, sliding_window=16, sliding_window_pattern=2,
                            query_pre_attn_scalar=16, tie_word_embeddings=True), dict(quant_method="awq", bits=4, group_size=32, zero_point=True, version="gemm")),
    "awq_phi3_g32": (dict(model_type="phi3", rope_theta=10000.0, sliding_window=None), dict(quant_method="awq", bits=4, group_size=32, zero_point=True, version="gemm")),
    # Heads as wide as those of published models, which devices have kernels of their own for.
    "llama_heads64_f16": (llama(head_dim=64, num_attention_heads=8, num_key_value_heads=2), None),
    "mistral_heads96_f16": (dict(model_type="mistral", rope_theta=1e6, head_dim=96, num_attention_heads=4, num_key_value_heads=1, sliding_window=24), None),
    "qwen3_heads128_f16": (dict(model_type="qwen3", rope_theta=1e6, head_dim=128, num_attention_heads=4, num_key_value_heads=2), None),
    "gemma2_heads256_f16": (dict(model_type="gemma2", rope_theta=10000.0, head_dim=256, num_attention_heads=2, num_key_value_heads=1, hidden_activation="gelu_pytorch_tanh", sliding_window=24,
                                 query_pre_attn_scalar=224, attn_logit_softcapping=50.0, final_logit_softcapping=30.0, tie_word_embeddings=True), None),
    "fp8_tensor": (llama(), dict(quant_method="fp8", activation_scheme="static", form="tensor")),
    "fp8_channel": (llama(), dict(quant_method="compressed-tensors", format="float-quantized", form="channel")),
    "fp8_block": (dict(model_type="qwen3", rope_theta=1e6, head_dim=48, **WIDE), dict(quant_method="fp8", activation_scheme="dynamic", weight_block_size=[128, 128], form="block")),
}


def draw(model, gemma):
    """Weights by their role: branches that matter, logits that spread."""
    hidden = model.config.hidden_size
    for name, p in model.named_parameters():
        fan_in = p.shape[-1]
        if name.endswith("norm.weight") or "norm" in name.split(".")[-2]:
            # Tied heads repeat the last token unless the branches outweigh the embeddings: Gemma 2 and 3 have norms of their outputs.
            p.normal_(2 if gemma and "model.layers" in name and "post_" in name and "post_feedforward" in "".join(n for n, _ in model.named_parameters()) else 0 if gemma else 1, 0.15)
        elif name.endswith("bias"):
            p.normal_(0, 0.4)
        elif "embed_tokens" in name:
            p.normal_(0, (2 if gemma else 3) / math.sqrt(hidden) if model.config.tie_word_embeddings else 1)
        elif "lm_head" in name:
            p.normal_(0, 3 / math.sqrt(hidden))
        elif any(part in name for part in ("q_proj", "k_proj", "qkv_proj")):
            p.normal_(0, 1.5 / math.sqrt(fan_in))
        else:
            p.normal_(0, (4 if gemma and ("o_proj" in name or "down_proj" in name) else 1.3) / math.sqrt(fan_in))


def pack(values, bits, order, axis):
    """Words of 32 / bits numbers each along an axis."""
    per = 32 // bits
    values = np.moveaxis(values.astype(np.uint32), axis, -1)
    values = values.reshape(*values.shape[:-1], -1, per)
    words = np.zeros(values.shape[:-1], np.uint32)
    for i in range(per):
        words |= values[..., order[i]] << np.uint32(bits * i)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(words, -1, axis)).view(np.int32))


def quantise_groups(w, bits, group, sym, random, lowest):
    """w [out, in] -> q [in, out], zeros and float16 scales [groups, out], g_idx [in]; plain rounding."""
    out, inputs = w.shape
    group = inputs if group < 0 else group
    g_idx = np.arange(inputs) // group
    if random is not None:
        random.shuffle(g_idx)
    w, top = w.T.astype(np.float32), 2 ** bits - 1
    groups = int(g_idx.max()) + 1
    scales, zeros, q = np.zeros((groups, out), np.float16), np.zeros((groups, out), np.int64), np.zeros((inputs, out), np.int64)
    for g in range(groups):
        rows = w[g_idx == g]
        if sym:
            scale, zero = np.abs(rows).max(0) / (top // 2), np.full(out, 2 ** (bits - 1))
        else:
            low, high = np.minimum(rows.min(0), 0), np.maximum(rows.max(0), 0)
            scale = (high - low) / top
            zero = np.clip(np.round(-low / scale), lowest, top).astype(np.int64)
        scales[g], zeros[g] = scale.astype(np.float16), zero
        q[g_idx == g] = np.clip(np.round(rows / scales[g].astype(np.float32)) + zero, 0, top)
    return q, zeros, scales, g_idx


def quantise(tensors, config, rng):
    """Stored float16 tensors -> packed ones, and the float32 tensors that those stand for."""
    packed, plain = {}, {}
    keep = ("lm_head", "embed_tokens", "norm", "shared_expert_gate", ".gate.weight", ".bias")
    for name, w in tensors.items():
        if any(k in name for k in keep) or w.ndim != 2:
            packed[name] = plain[name] = w
            continue
        prefix, w32 = name.removesuffix(".weight"), w.float().numpy()
        method = config["quant_method"]
        if method in ("gptq", "awq"):
            bits, v1 = config["bits"], config.get("checkpoint_format") == "gptq"
            # Zero points of the first version are stored less one: 0 would be read differently by different readers.
            q, zeros, scales, g_idx = quantise_groups(w32, bits, config["group_size"], config.get("sym", False), rng if config.get("desc_act") else None, 1 if v1 else 0)
            plain[name] = torch.from_numpy(((q - zeros[g_idx]).astype(np.float32) * scales.astype(np.float32)[g_idx]).T.copy())
            order = [0, 2, 4, 6, 1, 3, 5, 7] if method == "awq" else list(range(32 // bits))
            packed[prefix + ".qweight"] = pack(q, bits, order, 1 if method == "awq" else 0)
            packed[prefix + ".qzeros"] = pack((zeros - (1 if v1 else 0)) % 2 ** bits, bits, order, 1)
            packed[prefix + ".scales"] = torch.from_numpy(scales)
            if method == "gptq":
                packed[prefix + ".g_idx"] = torch.from_numpy(g_idx.astype(np.int32))
        else:
            form, (out, inputs) = config["form"], w32.shape
            rows, columns = {"tensor": (out, inputs), "channel": (1, inputs), "block": (128, 128)}[form]
            scale = np.zeros((-(-out // rows), -(-inputs // columns)), np.float32)
            for r in range(scale.shape[0]):
                for c in range(scale.shape[1]):
                    scale[r, c] = np.abs(w32[r * rows:(r + 1) * rows, c * columns:(c + 1) * columns]).max() / 448
            wide = np.repeat(np.repeat(scale, rows, 0), columns, 1)[:out, :inputs]
            stored = torch.from_numpy(w32 / wide).to(torch.float8_e4m3fn)
            packed[name], plain[name] = stored, stored.float() * torch.from_numpy(wide)
            if form == "block":
                packed[prefix + ".weight_scale_inv"] = torch.from_numpy(scale)
            else:
                packed[prefix + ".weight_scale"] = torch.from_numpy(scale if form == "channel" else scale.reshape(()))
            if form == "tensor":
                packed[prefix + ".input_scale"] = torch.tensor(0.02)
    return packed, plain


def chatglm(tensors, config, kw):
    """transformers' Glm in the names of the original repositories (ChatGLM2 and 3, GLM-4-9B): queries, keys and values in one matrix, fields of their own."""
    out = {}
    for name, w in tensors.items():
        name = name.replace("model.embed_tokens", "transformer.embedding.word_embeddings").replace("lm_head", "transformer.output_layer")
        name = name.replace("model.norm", "transformer.encoder.final_layernorm").replace("model.layers", "transformer.encoder.layers").replace("self_attn", "self_attention")
        name = name.replace("o_proj", "dense").replace("gate_up_proj", "dense_h_to_4h").replace("down_proj", "dense_4h_to_h")
        out[name] = w
    for name in [n for n in out if "q_proj" in n]:
        parts = [out.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        out[name.replace("q_proj", "query_key_value")] = torch.cat(parts)
    out["transformer.rotary_pos_emb.inv_freq"] = torch.ones(4)
    return out, dict(
        architectures=["ChatGLMModel"], model_type="chatglm", add_bias_linear=False, add_qkv_bias=True, apply_residual_connection_post_layernorm=False, ffn_hidden_size=kw["intermediate_size"],
        hidden_size=kw["hidden_size"], kv_channels=kw["head_dim"], layernorm_epsilon=kw["rms_norm_eps"], multi_query_attention=True, multi_query_group_num=kw["num_key_value_heads"],
        num_attention_heads=kw["num_attention_heads"], num_layers=kw["num_hidden_layers"], rope_ratio=kw["rope_theta"] / 10000, original_rope=True, padded_vocab_size=VOCAB, post_layer_norm=True,
        rmsnorm=True, seq_length=kw["max_position_embeddings"], torch_dtype="float16", tie_word_embeddings=False, transformers_version="4.30.2")


def prompt(model, rng, index, length):
    for _ in range(200):
        ids = rng.integers(3, VOCAB, length).tolist()
        logits = model(torch.tensor([ids])).logits[0].float()
        sequence, margins, last = list(ids), [], logits[-1]
        for _ in range(STEPS):
            best = torch.topk(last, 2)
            margins.append(float(best.values[0] - best.values[1]))
            sequence.append(int(best.indices[0]))
            if margins[-1] < MIN_MARGIN:
                break
            last = model(torch.tensor([sequence]), logits_to_keep=1).logits[0, -1].float()
        if min(margins) < MIN_MARGIN:
            continue
        top = torch.topk(torch.log_softmax(logits, -1), 5)
        near = (top.values[-1, :-1] - top.values[-1, 1:]).min()
        if near > 1e-3:
            return dict(id=f"p{index}_len{length}", input_ids=ids, last_logits=[float(f"{v:.9g}") for v in logits[-1].tolist()], top5_ids=top.indices.tolist(),
                        top5_logprobs=[[round(v, 6) for v in row] for row in top.values.tolist()], greedy_ids=sequence[length:], greedy_margins=[round(m, 5) for m in margins])
    raise RuntimeError(f"no prompt of {length} tokens with a margin of {MIN_MARGIN}")


def differences(scratch, dtype, model, prompts):
    """How far transformers itself is off in a type, over all positions' logits."""
    other = AutoModelForCausalLM.from_pretrained(scratch, dtype=dtype, attn_implementation="eager").eval()
    found = torch.cat([(other(ids).logits.float() - model(ids).logits).abs().flatten() for ids in (torch.tensor([p["input_ids"]]) for p in prompts)])
    return dict(max_abs_logit_diff=float(found.max()), mean_abs_logit_diff=float(found.mean()))


def make(name, output):
    own, quantisation = CASES[name]
    kw = {**BASE, **own}
    seed = sum(ord(c) * (i + 1) for i, c in enumerate(name))
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    config = AutoConfig.for_model(**json.loads(json.dumps(kw)))
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    draw(model, name.startswith("gemma") or "gemma" in kw["model_type"])
    folder = os.path.join(output, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with tempfile.TemporaryDirectory() as scratch:
        model.half().save_pretrained(scratch)
        newer = json.load(open(os.path.join(scratch, "config.json")))
        older = {k: v for k, v in newer.items() if k not in ("rope_parameters", "dtype")}
        older.update({k: v for k, v in kw.items() if k.startswith(("rope_", "partial_rotary", "original_max", "sliding_window", "max_window"))}, torch_dtype="float16", transformers_version="4.46.0")
        older.pop("layer_types", None)
        tensors = load_file(os.path.join(scratch, "model.safetensors"))
        stored = dict(tensors)
        if quantisation == "chatglm":
            stored, older = chatglm(tensors, older, kw)
            newer = None
        elif quantisation:
            stored, plain = quantise(tensors, quantisation, rng)
            save_file(plain, os.path.join(scratch, "model.safetensors"), metadata={"format": "pt"})
            section = {k: v for k, v in quantisation.items() if k != "form"}
            older["quantization_config"] = section
            newer["quantization_config"] = section
        model = AutoModelForCausalLM.from_pretrained(scratch, dtype=torch.float32, attn_implementation="eager").eval()
        prompts = [prompt(model, rng, i, length) for i, length in enumerate(LENGTHS)]
        if newer and not quantisation:
            # The older spelling means the same to transformers.
            json.dump(older, open(os.path.join(scratch, "config.json"), "w"))
            again = AutoModelForCausalLM.from_pretrained(scratch, dtype=torch.float32, attn_implementation="eager").eval()
            assert torch.equal(model(torch.tensor([prompts[-1]["input_ids"]])).logits, again(torch.tensor([prompts[-1]["input_ids"]])).logits), name
        sdpa = AutoModelForCausalLM.from_pretrained(scratch, dtype=torch.float32, attn_implementation="sdpa").eval()
        narrow = {kind: differences(scratch, getattr(torch, kind), model, prompts) for kind in ("bfloat16", "float16")} if "_heads" in name else None
        noise = max(float((sdpa(torch.tensor([p["input_ids"]])).logits[0, -1] - torch.tensor(p["last_logits"])).abs().max()) for p in prompts)
    save_file(stored, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    json.dump(older, open(os.path.join(folder, "config.json"), "w"), indent=1)
    if newer and not quantisation:
        json.dump(newer, open(os.path.join(folder, "config.alt.json"), "w"), indent=1)
    margin = min(min(p["greedy_margins"]) for p in prompts)
    golden = dict(format="golden-model-1", model=name, model_type=kw["model_type"], seed=seed, versions=dict(torch=torch.__version__, transformers=transformers.__version__),
                  compute="float32, eager attention, CPU, weights as stored on disk", stored_dtype="float16", vocab_size=VOCAB, noise=dict(sdpa_f32_max_abs_logit_diff=noise),
                  min_greedy_margin=margin, prompts=prompts)
    if narrow:
        golden["lowprec_vs_f32"] = narrow
    json.dump(golden, open(os.path.join(folder, "golden.json"), "w"), separators=(",", ":"))
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    print(f"{name}: {size // 1024} KiB, margin {margin:.4f}, sdpa {noise:.1e}, logits' deviation {np.std(prompts[-1]['last_logits']):.2f}", flush=True)


if __name__ == "__main__":
    for case in sys.argv[2:] or CASES:
        make(case, sys.argv[1])
