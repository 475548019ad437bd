#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f8_96, octavo::float8_code, 96)
