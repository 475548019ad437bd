#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f8_128, octavo::bfloat16, octavo::Float8Codes, 128)
