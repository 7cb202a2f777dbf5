"""Makes the encoder feel int8 while it is trained, so that it loses less once it is quantised.

Each linear layer's input is rounded to 256 levels over the tensor and its weights to 7 bits by
output channel, as the exported graph does at run time; gradients pass straight through
(quantisation-aware training: Jacob et al. 2018, after Bengio et al. 2013).
"""

from types import MethodType

from torch import Tensor, nn
from torch.nn import functional


def add_int8_noise(encoder: nn.Module) -> None:
    """Rounds the inputs and weights of all linear layers of the encoder while training."""
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            module.forward = MethodType(_rounded_forward, module)  # type: ignore[method-assign]


def remove_int8_noise(encoder: nn.Module) -> None:
    """Undoes `add_int8_noise`."""
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            module.__dict__.pop("forward", None)


def round_activations(inputs: Tensor) -> Tensor:
    """To 256 levels between the tensor's least and greatest value, 0 included."""
    low = inputs.detach().amin().clamp(max=0)
    high = inputs.detach().amax().clamp(min=0)
    scale = ((high - low) / 255).clamp(min=1e-12)
    zero = (-low / scale).round()
    levels = (inputs.detach() / scale + zero).round_().clamp_(0, 255)
    return inputs + ((levels - zero) * scale - inputs).detach()


def round_weights(weights: Tensor) -> Tensor:
    """To -64 … 63 by row (output channel); shape = (outputs, inputs)."""
    scale = (weights.detach().abs().amax(dim=1, keepdim=True) / 63.5).clamp(min=1e-12)
    rounded = (weights.detach() / scale).round_().clamp_(-64, 63) * scale
    return weights + (rounded - weights).detach()


def _rounded_forward(self: nn.Linear, inputs: Tensor) -> Tensor:
    if not self.training:
        return functional.linear(inputs, self.weight, self.bias)
    return functional.linear(round_activations(inputs), round_weights(self.weight), self.bias)
