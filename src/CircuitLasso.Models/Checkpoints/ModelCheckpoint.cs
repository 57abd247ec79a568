using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>Reads and writes models as Hugging Face folders (<c>config.json</c>, <c>model.safetensors</c> or its shards).</summary>
public static class ModelCheckpoint
{
    /// <summary>
    /// Opens a model. Matrices stay in the mapped files, in their stored type (F32, F16 or BF16) and order, and are widened a block at a time where they are used; so the files must
    /// not change as long as the model is used, and the parameters cannot be written to. Vectors, matrices in parts of a tensor that are not rows at one distance (TransformerLens's
    /// matrices per head), and F64 are copied and become float32.
    /// </summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="weights">Where the matrices are kept.</param>
    /// <exception cref="InputException">
    /// A file is missing or malformed, the architecture is unknown, or a tensor is missing, superfluous or of another shape than the config says.
    /// </exception>
    public static TransformerModel Load(string folder, WeightPlace weights = WeightPlace.File)
    {
        ModelConfiguration configuration = ModelConfiguration.Load(folder);
        IModelFamily family = ModelFamilies.Find(configuration);
        ModelDescription description = family.Describe(configuration);
        SafeTensorsCheckpoint checkpoint = new(folder);
        Dictionary<ParameterKey, Tensor> tensors = [];
        bool isKept = false;
        try
        {
            CheckpointReader reader = new(folder, checkpoint, family, description, weights == WeightPlace.File);
            foreach (ParameterShape parameter in description.Parameters())
            {
                tensors.Add(parameter.Key, reader.Read(parameter));
            }

            reader.RequireAllRead();
            TransformerModel model = new(description, new ModelParameters(description, tensors, checkpoint));
            isKept = true;
            return model;
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
        finally
        {
            if (!isKept)
            {
                checkpoint.Dispose();
            }
        }
    }

    /// <summary>Writes a GPT-2-style model; the same parameters give the same bytes. The folder is made if need be.</summary>
    /// <exception cref="ArgumentException">GPT-2's config cannot state the architecture.</exception>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void SaveGpt2(TransformerModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        Save(model, new Gpt2Family(), Gpt2Family.WriteConfiguration(model.Description), folder);
    }

    /// <summary>Writes a model in TransformerLens's layout; the same parameters give the same bytes. The folder is made if need be.</summary>
    /// <exception cref="ArgumentException">The config of that layout cannot state the architecture.</exception>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void SaveHookedTransformer(TransformerModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        Save(model, new HookedTransformerFamily(), HookedTransformerFamily.WriteConfiguration(model.Description), folder);
    }

    /// <summary>Writes the weights of a model under the names that the files of another of its architecture use; the same parameters give the same bytes. The folder is made if need be.</summary>
    /// <param name="model">The model.</param>
    /// <param name="like">The folder of the other model, whose <c>config.json</c> describes both.</param>
    /// <param name="folder">The folder that gets <c>model.safetensors</c>.</param>
    /// <exception cref="InputException">The configuration cannot be read, or the folder cannot be written.</exception>
    public static void SaveLike(TransformerModel model, string like, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(folder);
        IModelFamily family = ModelFamilies.Find(ModelConfiguration.Load(like));
        Directory.CreateDirectory(folder);
        CheckpointWriter.Write(model, family, Path.Combine(folder, "model.safetensors"));
    }

    /// <summary>Checks that a folder's tensors are those of the architecture that its <c>config.json</c> describes, without reading an element.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="InputException">As for <see cref="Load"/>.</exception>
    internal static void RequireMatches(string folder)
    {
        ModelConfiguration configuration = ModelConfiguration.Load(folder);
        IModelFamily family = ModelFamilies.Find(configuration);
        using SafeTensorsCheckpoint checkpoint = new(folder);
        new CheckpointReader(folder, checkpoint, family, family.Describe(configuration), mapsMatrices: false).RequireMatches();
    }

    private static void Save(TransformerModel model, IModelFamily family, string configuration, string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        Directory.CreateDirectory(folder);
        CheckpointWriter.Write(model, family, Path.Combine(folder, "model.safetensors"));
        AtomicFile.WriteAllText(Path.Combine(folder, "config.json"), configuration);
    }
}
