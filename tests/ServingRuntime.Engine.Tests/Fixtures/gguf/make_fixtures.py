"""Makes the GGUF fixtures beside this file: small random models, written by llama.cpp's own converter and llama-quantize, with what transformers computes in float32 from the same weights.

    python3 make_fixtures.py OUT [CONVERSION]

CONVERSION is the folder that holds llama.cpp's `conversion` package (of convert_hf_to_gguf.py). Needs torch, transformers, gguf and llama-quantize.
Made with transformers 5.12, torch 2.14, gguf 0.19 and llama.cpp 0.7 of Debian.
"""
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers

sys.path.insert(0, sys.argv[2] if len(sys.argv) > 2 else "/usr/share/llama.cpp/llama.cpp-tools")
import gguf  # noqa: E402
from conversion import ModelBase, ModelType, get_model_class  # noqa: E402

OUT = Path(sys.argv[1])
VOCAB = 64
COMMON = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0)
EXPERTS = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32)
MODELS = {
    "llama": ("Llama", dict(rope_parameters=dict(rope_theta=5000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64))),
    "llama_linear_tied": ("Llama", dict(tie_word_embeddings=True, attention_bias=True, mlp_bias=True, rope_parameters=dict(rope_theta=10000.0, rope_type="linear", factor=2.0))),
    "mixtral": ("Mixtral", dict(intermediate_size=32, num_local_experts=4, num_experts_per_tok=2, sliding_window=None)),
    "qwen2_yarn": ("Qwen2", dict(rope_parameters=dict(rope_theta=10000.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=64))),
    "qwen2moe": ("Qwen2Moe", dict(EXPERTS, shared_expert_intermediate_size=96, norm_topk_prob=False, decoder_sparse_step=1)),
    "qwen3": ("Qwen3", dict(head_dim=16)),
    "qwen3moe": ("Qwen3Moe", dict(EXPERTS, head_dim=16, norm_topk_prob=True, decoder_sparse_step=1)),
    "gemma": ("Gemma", dict(head_dim=16, tie_word_embeddings=True)),
    "gemma2": ("Gemma2", dict(head_dim=16, query_pre_attn_scalar=16, sliding_window=16, tie_word_embeddings=True, attn_logit_softcapping=20.0, final_logit_softcapping=15.0)),
    "gemma3": ("Gemma3Text", dict(intermediate_size=32, head_dim=16, num_hidden_layers=6, query_pre_attn_scalar=16, sliding_window=16, tie_word_embeddings=True)),
    "phi3": ("Phi3", dict(original_max_position_embeddings=64, rope_parameters=dict(
        rope_theta=10000.0, rope_type="longrope", original_max_position_embeddings=64, long_factor=[1.0, 1.5, 2.5, 6.0], short_factor=[1.0, 1.05, 1.1, 1.3]))),
    "glm4": ("Glm4", dict(head_dim=16, attention_bias=True, rope_parameters=dict(rope_theta=10000.0, rope_type="default", partial_rotary_factor=0.5))),
    "llama_fused": ("Llama", dict()),
    "glm": ("Glm", dict(head_dim=8, attention_bias=True, seq_length=256, rope_parameters=dict(rope_theta=10000.0, rope_type="default", partial_rotary_factor=0.5))),
}
# Wide enough for blocks of 256, but for the inputs of ffn_down.
WIDE = dict(COMMON, hidden_size=256, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=1)
FORMS = dict(attn_q="q4_k", attn_k="q8_0", attn_v="q6_k", attn_output="q5_k", ffn_gate="q4_0", ffn_up="q3_k", ffn_down="q5_1")
PROMPTS = [("one", 1), ("seventeen", 17), ("ninety", 90)]


def create(kind, settings):
    torch.manual_seed(int(hashlib.sha256(json.dumps([kind, settings]).encode()).hexdigest()[:6], 16))
    config = getattr(transformers, kind + "Config")(**settings)
    model = getattr(transformers, (kind if kind != "Gemma3Text" else "Gemma3") + "ForCausalLM")._from_config(config, attn_implementation="eager").float().eval()
    for name, value in model.named_parameters():
        with torch.no_grad():
            if value.dim() == 1 and "norm" in name:
                value.copy_(torch.randn_like(value) * 0.2 + (0.0 if kind.startswith("Gemma") else 1.0))
            elif value.dim() == 1:
                value.copy_(torch.randn_like(value) * 0.2)
            else:
                value.copy_(torch.randn_like(value) * (1.5 / value.shape[-1] ** 0.5 if "embed" not in name else 1.0))
            if value.dim() > 1:
                value.copy_(value.half().float())
    return model


def convert(folder, out):
    hparams = ModelBase.load_hparams(folder, False)
    cls = get_model_class(hparams["architectures"][0])
    cls.set_vocab = lambda self: self._set_vocab_none()
    if hparams["architectures"][0] == "Gemma3ForCausalLM":
        # The converter cuts the embeddings to the tokenizer's size.
        (folder / "tokenizer.json").write_text(json.dumps(dict(model=dict(vocab={str(i): i for i in range(VOCAB)}), added_tokens=[])))
    with torch.inference_mode():
        cls(folder, gguf.LlamaFileType.MOSTLY_F16, out, model_name="octavo fixture", **(dict(fuse_qkv=True) if out.stem.endswith("_fused") else {})).write()


def golden(model):
    prompts = []
    generator = torch.Generator().manual_seed(5)
    for name, length in PROMPTS:
        for _ in range(400):
            ids = torch.randint(3, VOCAB, (length,), generator=generator).tolist()
            tokens, margins, logits = list(ids), [], []
            with torch.no_grad():
                for _ in range(12):
                    last = model(torch.tensor([tokens]), use_cache=False).logits[0, -1].float()
                    best = torch.topk(last, 2).values
                    margins.append((best[0] - best[1]).item())
                    logits.append(last)
                    tokens.append(int(last.argmax()))
            if min(margins) > 0.02:
                break
        else:
            raise ValueError(f"{name}: no prompt with clear choices")
        top = torch.topk(torch.log_softmax(logits[0], -1), 5)
        prompts.append(dict(id=name, input_ids=ids, greedy_ids=tokens[length:], top5_ids=top.indices.tolist(), top5_logprobs=[float(f"{v:.9g}") for v in top.values.tolist()]))
    return prompts


def blocks():
    """Random bytes as blocks of each form, with finite scales, and what the gguf package makes of them."""
    random = np.random.default_rng(3)
    cases = {}
    halves = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0]}
    for name, at in halves.items():
        kind = gguf.GGMLQuantizationType[name]
        size, length = gguf.GGML_QUANT_SIZES[kind]
        data = random.integers(0, 256, (4, length), dtype=np.uint8)
        for offset in at:
            data[:, offset:offset + 2] = random.normal(0, 0.05, (4, 1)).astype(np.float16).view(np.uint8)
        values = gguf.quants.dequantize(data, kind).astype("<f4") + np.float32(0)  # one zero, not two
        cases[name] = dict(bytes=data.tobytes().hex(), first=[float(v) for v in values.reshape(-1)[:4]], sha256=hashlib.sha256(values.tobytes()).hexdigest())
    return cases


def main():
    expected = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, (kind, changes) in MODELS.items():
            folder = Path(scratch) / name
            model = create(kind, dict(COMMON, **changes))
            model.save_pretrained(folder)
            convert(folder, OUT / f"{name}.gguf")
            if kind == "Phi3":
                # Served models take the long factors at every length.
                model.config.rope_parameters["short_factor"] = model.config.rope_parameters["long_factor"]
                model = type(model)._from_config(model.config, attn_implementation="eager").float().eval()
                model.load_state_dict(transformers.AutoModelForCausalLM.from_pretrained(folder).state_dict())
            expected[name] = golden(model)
            print(name, flush=True)

        folder = Path(scratch) / "wide"
        create("Llama", WIDE).save_pretrained(folder)
        plain = Path(scratch) / "wide.gguf"
        convert(folder, plain)
        path = OUT / "llama_quantized.gguf"
        types = [option for pair in FORMS.items() for option in ("--tensor-type", "=".join(pair))]
        subprocess.run(["llama-quantize", "--token-embedding-type", "q6_k", "--output-tensor-type", "q4_1", *types, str(plain), str(path), "Q4_K_M"], check=True, stdout=subprocess.DEVNULL)
        print([(tensor.name, tensor.tensor_type.name) for tensor in gguf.GGUFReader(path).tensors], flush=True)
        # Transformers' own reader, which asks for a version that Debian's package does not tell.
        transformers.modeling_gguf_pytorch_utils.is_gguf_available = lambda *_: True
        model = create("Llama", WIDE)
        state = transformers.modeling_gguf_pytorch_utils.load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=model)["tensors"]
        model.load_state_dict(state, strict=True)
        expected[path.stem] = golden(model)
    (OUT / "golden.json").write_text(json.dumps(dict(models=expected, blocks=blocks()), indent=0))


main()
