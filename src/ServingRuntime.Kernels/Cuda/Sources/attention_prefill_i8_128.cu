#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_i8_128, octavo::bfloat16, octavo::Int8Codes, 128)
