#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_bf16_64, octavo::bfloat16, 64)
