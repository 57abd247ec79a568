using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The table of model families. A new family is one class and one line here.</summary>
public static class ModelFamilies
{
    /// <summary>All families that can be run.</summary>
    public static IReadOnlyList<IModelFamily> All { get; } = [new Gpt2Family(), new GptNeoXFamily(), new LlamaFamily(), new Qwen2Family(), new Qwen3Family(), new Gemma2Family(), new HookedTransformerFamily()];

    /// <summary>The family that a config names.</summary>
    /// <exception cref="InputException">It is not in the table.</exception>
    public static IModelFamily Find(ModelConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        string type = configuration.Text("model_type");
        return All.FirstOrDefault(family => family.ModelType == type)
            ?? throw new InputException(configuration.Path, $"architecture '{type}' is not known here", "use one of: " + string.Join(", ", All.Select(family => family.ModelType)));
    }
}
