// Package rundir keeps a training run in a folder, so that it survives kill
// -9, goes on where it was, and can be looked through afterwards:
//
//	recipe.json                what was asked for, written first
//	config.json                the newest model, as package checkpoint
//	model.safetensors          and Python's transformers open it
//	train-state.safetensors    all that going on needs: weights, AdamW's m and v,
//	                           the generator of sequences, step and stage
//	step-000250.safetensors    the weights after 250 steps
//	log.jsonl                  every step and every evaluation, a JSON object a line
//
// A Dir is a train.Store and a train.Observer. Each file appears under its name
// only when it is whole (checkpoint.Replace), the state last: when it says step
// s, the model and the log of step s are there. What a kill can take is the
// steps since then; going on makes them again, bit for bit.
//
// No file holds a date or the name of a place, so the same recipe makes the
// same bytes.
//
// # The log
//
// The first line names the schema and the recipe:
//
//	{"schema":1,"type":"run","recipe":{…},"text":"name sha256:…"}
//
// then come lines of "type" "step" and "evaluation", see Step and Evaluation.
// A line that was cut off at the end of the file is passed over.
package rundir
