#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f8_256, octavo::bfloat16, octavo::Float8Codes, 256)
