using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>
/// Called when a forward pass reaches a site. Returning null leaves the value; returning a tensor of the same shape puts it in the value's place.
/// A returned tensor stays whose it is: one made in the hook ends with the block, one that the caller keeps may be used again in the next pass.
/// </summary>
/// <param name="site">The site reached.</param>
/// <param name="value">
/// Its value. Without gradients it lives until the pass has left the block: copy what must last. With gradients it belongs to the graph, and
/// <see cref="Tensor.RetainGradient"/> keeps the derivative at this place.
/// </param>
public delegate Tensor? SiteHook(Site site, Tensor value);
