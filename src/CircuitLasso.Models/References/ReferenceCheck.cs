using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>
/// Runs a model on the token ids of a reference file and compares every tensor. The file (.npz) holds <c>ids</c> ([texts, positions] or [positions])
/// with arrays named by site (<c>resid_post.3</c>, <c>logits</c>), or several texts as <c>0.ids</c>, <c>0.resid_post.3</c>, <c>1.ids</c>, ...
/// Gradients are checked too where the file has <c>N.correct</c>, <c>N.wrong</c> and <c>N.gold_grad.SITE</c>: those of
/// L = -(logit[correct] - logit[wrong]) at the last position. Matrix products are summed in float64 and rounded to float32, so that what is seen is the
/// computation and not the order of its sums.
/// </summary>
public static class ReferenceCheck
{
    private const string GradientMark = "gold_grad.";
    private static readonly string[] _notTensors = ["ids", "correct", "wrong", "loss"];

    /// <summary>Compares all tensors of the file.</summary>
    /// <returns>One entry per reference tensor, in the file's order, and the names of arrays that are no tensor of a pass.</returns>
    /// <exception cref="InputException">The file is malformed, has no token ids, or a shape differs from the model's.</exception>
    public static (IReadOnlyList<TensorDifference> Differences, IReadOnlyList<string> Ignored) Run(TransformerModel model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);

        // A model with activations in the hundreds is 1e-4 away from its reference by float32 summation alone; the check is about the computation.
        using IDisposable precision = MatrixBackend.WithFloat64Accumulation();
        using NpzFile file = new(path);
        List<TensorDifference> differences = [];
        HashSet<string> used = [];
        foreach (string idsName in file.Names.Where(name => name == "ids" || name.EndsWith(".ids", StringComparison.Ordinal)))
        {
            string prefix = idsName[..^"ids".Length];
            Dictionary<string, string> values = [];
            Dictionary<string, string> gradients = [];
            foreach (string name in file.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                string rest = name[prefix.Length..];
                if (_notTensors.Contains(rest))
                {
                    used.Add(name);
                }
                else if (rest.StartsWith(GradientMark, StringComparison.Ordinal))
                {
                    gradients.Add(name, rest[GradientMark.Length..]);
                }
                else if (prefix.Length > 0 || IsSite(rest))
                {
                    values.Add(name, rest);
                }
            }

            TokenBatch batch = ReadIds(path, idsName, file);
            differences.AddRange(Compare(model, batch, path, file, values));
            if (gradients.Count > 0)
            {
                differences.AddRange(CompareGradients(model, batch, path, file, gradients, TokenId(model, path, file, prefix + "correct"), TokenId(model, path, file, prefix + "wrong")));
            }

            used.UnionWith(values.Keys);
            used.UnionWith(gradients.Keys);
        }

        if (differences.Count == 0)
        {
            throw new InputException(path, "has no token ids with reference tensors", "give arrays named ids, resid_post.0, ..., logits, or 0.ids, 0.resid_post.0, ...");
        }

        return (differences, [.. file.Names.Where(name => !used.Contains(name))]);
    }

    private static bool IsSite(string name)
    {
        try
        {
            _ = Site.Parse(name);
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }

    private static TokenBatch ReadIds(string path, string name, NpzFile file)
    {
        using NumPyArray ids = file.Read(name);
        long[] flat = ids.AsInt64s();
        if (ids.Shape.Count is not (1 or 2) || flat.Length == 0 || flat.Any(id => id is < 0 or > int.MaxValue))
        {
            throw new InputException(path, $"array '{name}' is not [positions] or [texts, positions] of token ids", "write token ids as whole numbers");
        }

        // There are ids, so that no dimension is larger than their number.
        int rows = ids.Shape.Count == 2 ? (int)ids.Shape[0] : 1;
        int positions = flat.Length / rows;
        return new TokenBatch([.. Enumerable.Range(0, rows).Select(row => flat.Skip(row * positions).Take(positions).Select(id => (int)id).ToArray())]);
    }

    private static long[] Integers(NpzFile file, string name)
    {
        using NumPyArray array = file.Read(name);
        return array.AsInt64s();
    }

    private static int TokenId(TransformerModel model, string path, NpzFile file, string name) =>
        file.Contains(name) && Integers(file, name) is [long value] && value >= 0 && value < model.Description.OutputSize
            ? (int)value
            : throw new InputException(path, $"gradients need one token id of the model in '{name}'", "add it");

    private static List<TensorDifference> Compare(TransformerModel model, TokenBatch batch, string path, NpzFile file, Dictionary<string, string> values)
    {
        Dictionary<string, TensorDifference> found = [];
        ForwardHooks hooks = new();
        foreach ((string name, string siteName) in values)
        {
            hooks.Add(Site.Parse(siteName), (_, tensor) =>
            {
                found[name] = Difference(path, name, file, tensor);
                return null;
            });
        }

        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        model.Forward(batch, hooks);
        return [.. values.Keys.Select(name => found[name])];
    }

    private static List<TensorDifference> CompareGradients(
        TransformerModel model, TokenBatch batch, string path, NpzFile file, Dictionary<string, string> gradients, int correct, int wrong)
    {
        using TensorScope scope = new();
        Dictionary<string, Tensor> sites = [];
        ForwardHooks hooks = new();

        // The first hooked value must ask for a gradient: parameters do not.
        hooks.Add(new Site(SiteKind.Embedding), (_, tensor) =>
        {
            Tensor leaf = tensor.Detach();
            leaf.RequiresGradient = true;
            return leaf;
        });
        foreach ((string name, string siteName) in gradients)
        {
            hooks.Add(Site.Parse(siteName), (_, tensor) =>
            {
                tensor.RetainGradient();
                sites[name] = tensor;
                return null;
            });
        }

        Tensor logits = model.Forward(batch, hooks, LogitPositions.Last);
        Tensor loss = logits.Slice(2, wrong, 1).Subtract(logits.Slice(2, correct, 1)).Sum();
        loss.Backward();
        return [.. gradients.Keys.Select(name => Difference(path, name, file, sites[name].Gradient!))];
    }

    private static TensorDifference Difference(string path, string name, NpzFile file, Tensor actual)
    {
        using NumPyArray reference = file.Read(name);
        double[] expected = reference.AsDoubles();
        if (expected.Length != actual.Length)
        {
            throw new InputException(
                path,
                $"array '{name}' has shape [{string.Join(", ", reference.Shape)}] where the model computes [{string.Join(", ", actual.Shape.ToArray().Select(size => size.ToString(CultureInfo.InvariantCulture)))}]",
                "use the reference file that belongs to the model");
        }

        float[] values = actual.ToArray();
        double largest = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = Math.Abs(values[i] - expected[i]);
            largest = double.IsNaN(difference) || difference > largest ? difference : largest;
            if (double.IsNaN(largest))
            {
                break;
            }
        }

        return new TensorDifference(name, largest) { LargestReference = expected.Select(Math.Abs).DefaultIfEmpty().Max() };
    }
}
