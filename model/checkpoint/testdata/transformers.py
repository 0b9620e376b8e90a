# Writes testdata/transformers, a randomly initialised Mamba in float16, and
# prints the expectations of transformers_test.go. Run once, with transformers
# 5.23.0 and torch 2.15.0, in this package's folder:
#
#   python testdata/transformers.py
import torch
from transformers import MambaConfig, MambaForCausalLM

folder = "testdata/transformers"
torch.manual_seed(0)
config = MambaConfig(
    vocab_size=37, hidden_size=24, state_size=5, num_hidden_layers=3,
    conv_kernel=4, expand=2, time_step_rank=3, use_bias=True,
)
model = MambaForCausalLM(config).eval()
for p in model.parameters():
    p.data += 0.3 * torch.randn_like(p)
for layer in model.backbone.layers:
    layer.mixer.A_log.data = torch.log(torch.rand(48, 5) * 4 + 0.5)
model.half().save_pretrained(folder)

model = MambaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
with torch.no_grad():
    p = model(torch.tensor([[1, 5, 9, 36, 0, 7, 7, 2]])).logits[0].softmax(-1)
value, token = p.topk(1)
print([(int(t), round(float(v), 5)) for t, v in zip(token[:, 0], value[:, 0])])
