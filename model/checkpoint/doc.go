// Package checkpoint reads and writes Mamba checkpoints: a folder with a
// config.json and a model.safetensors, the two files in which Hugging Face's
// transformers keeps a Mamba model.
//
// Both forms of config.json are read: the one of transformers ("hidden_size",
// "num_hidden_layers", …) and the one of the original state-spaces code
// ("d_model", "n_layer", "ssm_cfg", …). Tensor names are those of both; they
// differ only in backbone.embeddings against backbone.embedding. A file that
// this program writes also opens in transformers, and carries a model.Card
// under the key "mamba_tui" of config.json, which transformers ignores.
//
// The reader is strict: whatever would have to be guessed, ignored or filled
// in is an error that says what disagrees. A checkpoint is untrusted: no length
// in it is believed before it was compared with the size of the file, and all
// text in it must be escaped before it is shown (tokenizer.Visible).
//
// # The safetensors format
//
//	8 bytes   n, the length of the header, little-endian
//	n bytes   JSON: {"name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, …,
//	          "__metadata__": {"key": "value", …}}
//	…         the tensors, row-major, little-endian, without a gap or an overlap
//
// # The tensors of Mamba
//
// With V vocabulary rows, M = d_model, D = d_inner, N = d_state, R = dt_rank
// and K = d_conv, and i from 0 to n_layer−1:
//
//	backbone.embeddings.weight             (V, M)     or backbone.embedding.weight
//	backbone.layers.i.norm.weight          (M)
//	backbone.layers.i.mixer.in_proj.weight (2D, M)    rows 0..D−1 x, D..2D−1 z
//	backbone.layers.i.mixer.in_proj.bias   (2D)       if use_bias
//	backbone.layers.i.mixer.conv1d.weight  (D, 1, K)  tap K−1 is the current token
//	backbone.layers.i.mixer.conv1d.bias    (D)        if use_conv_bias
//	backbone.layers.i.mixer.x_proj.weight  (R+2N, D)  rows dt, B, C
//	backbone.layers.i.mixer.dt_proj.weight (D, R)
//	backbone.layers.i.mixer.dt_proj.bias   (D)        inside the softplus
//	backbone.layers.i.mixer.A_log          (D, N)     A = −exp(A_log)
//	backbone.layers.i.mixer.D              (D)
//	backbone.layers.i.mixer.out_proj.weight (M, D)
//	backbone.layers.i.mixer.out_proj.bias  (M)        if use_bias
//	backbone.norm_f.weight                 (M)
//	lm_head.weight                         (V, M)     absent where tied to the embedding
package checkpoint
