using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A model of the same shape that has learnt nothing: what is found in it too is not of the model's training.</summary>
public static class RandomModel
{
    /// <summary>Writes a model with random weights (<see cref="ParameterInitializer.Random"/>) and the same configuration and tokenizer.</summary>
    /// <param name="like">The folder of the model that it is to be like.</param>
    /// <param name="seed">Seed of the weights; the same seed gives the same bytes.</param>
    /// <param name="folder">The folder to write; made if need be.</param>
    /// <exception cref="InputException">The model cannot be read, the folder is the model's own, or it cannot be written.</exception>
    public static void Write(string like, ulong seed, string folder)
    {
        ArgumentNullException.ThrowIfNull(like);
        ArgumentNullException.ThrowIfNull(folder);
        if (Path.GetFullPath(like).TrimEnd(Path.DirectorySeparatorChar) == Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar))
        {
            throw new InputException(folder, "is the model that is to be copied", "give another folder");
        }

        using TransformerModel model = ModelCheckpoint.Load(like);
        using TransformerModel random = new(model.Description, ParameterInitializer.Random(model.Description, seed));
        ModelCheckpoint.SaveLike(random, like, folder);
        foreach (string file in TokenizerFiles.In(like).Prepend("config.json"))
        {
            AtomicFile.WriteAllBytes(Path.Combine(folder, file), File.ReadAllBytes(Path.Combine(like, file)));
        }
    }
}
