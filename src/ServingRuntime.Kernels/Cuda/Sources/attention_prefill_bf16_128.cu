#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_bf16_128, octavo::bfloat16, 128)
