// Package rundir keeps a training run in a folder, so that it survives kill
// -9, goes on where it was, and its weights can be looked through afterwards:
//
//	recipe.json                what was asked for, written first
//	config.json                the newest model, as package checkpoint
//	model.safetensors          and Python's transformers open it
//	train-state.safetensors    all that going on needs: weights, AdamW's m and v,
//	                           the generator of sequences, step and stage
//	step-000250.safetensors    the weights after 250 steps
//
// A Dir is a train.Store. Each file appears under its name only when it is whole
// (checkpoint.Replace), the state last: when it says step s, the model of step s
// is there. What a kill can take is the steps since then; going on makes them
// again, bit for bit. The log of the run that stands beside them is package
// history's.
//
// No file holds a date or the name of a place, so the same recipe makes the
// same bytes.
package rundir
