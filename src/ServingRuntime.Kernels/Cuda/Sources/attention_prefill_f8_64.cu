#include "attention_prefill.cuh"
OCTAVO_PREFILL(octavo_attention_prefill_f8_64, octavo::float8_code, 64)
