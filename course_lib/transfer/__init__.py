"""Transfer learning: backbones, bottlenecks, freezing, where to cut, and latent spaces."""
