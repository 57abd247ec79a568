namespace CircuitLasso.Models;

/// <summary>Everything that is particular to one family of checkpoints: how its config reads and where its parameters lie. Stateless.</summary>
public interface IModelFamily
{
    /// <summary>The value of <c>model_type</c> in <c>config.json</c>.</summary>
    string ModelType { get; }

    /// <summary>A prefix that tensor names of this family may carry (checkpoints of a bare model lack it).</summary>
    string TensorPrefix { get; }

    /// <summary>Turns <c>config.json</c> into the description that the forward pass runs on.</summary>
    /// <exception cref="Numerics.InputException">A field is missing, malformed or asks for something that is not supported.</exception>
    ModelDescription Describe(ModelConfiguration configuration);

    /// <summary>Where the checkpoint keeps a parameter.</summary>
    ParameterLocation Locate(ModelDescription description, ParameterShape parameter);

    /// <summary>Whether a stored tensor is known to be no parameter (masks, rotary tables), so that it may be passed over.</summary>
    /// <param name="description">The model.</param>
    /// <param name="tensorName">The name without the prefix.</param>
    bool IsBuffer(ModelDescription description, string tensorName);
}
