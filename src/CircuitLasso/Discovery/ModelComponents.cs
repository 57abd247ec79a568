using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>The component graph of a model.</summary>
public static class ModelComponents
{
    /// <summary>The graph whose nodes are the model's embedding, attention heads, MLPs and logits.</summary>
    /// <param name="model">The model.</param>
    public static ComponentGraph Components(this TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelDescription description = model.Description;
        return new ComponentGraph(description.Layers, description.Attention.Heads, description.ParallelSublayers, description.Width);
    }
}
