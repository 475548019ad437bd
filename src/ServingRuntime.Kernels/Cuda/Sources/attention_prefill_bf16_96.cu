#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_bf16_96, octavo::bfloat16, 96)
