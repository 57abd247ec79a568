using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Reads what a circuit is to explain from a store, by the name that the user gives it.</summary>
public static class StoreTarget
{
    private const int RowsAtOnce = 256;

    /// <summary>The text's log-probability over the number of its tokens after the first: what of it is not the text's length.</summary>
    public const string MeanLogProbability = "mean_logprob";

    private const string LogitPrefix = "logit:";
    private const string LogitDifferencePrefix = "logitdiff:";

    /// <summary>Reads a target, row by row.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">
    /// <c>label</c>; <c>mean_logprob</c>, the text's log-probability over the number of its tokens after the first; a target that the store holds (<c>logprob</c>, <c>logitdiff</c>, <c>answer_logprob</c>); <c>logit:TOKEN</c> or <c>logitdiff:A,B</c> after the row's last position.
    /// </param>
    /// <param name="modelFolder">The model, for <c>logit:</c> and <c>logitdiff:</c>; null takes the folder that the store names.</param>
    /// <exception cref="InputException">There is no such target, a token is not one, or the model is not the one the store was made by.</exception>
    /// <seealso cref="ReadByText"/>
    public static LearningTarget Read(ActivationStoreReader store, string name, string? modelFolder = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(name);
        if (name == "label")
        {
            return Label(store);
        }

        if (name == MeanLogProbability)
        {
            return Mean(store);
        }

        if (name.StartsWith(LogitPrefix, StringComparison.Ordinal))
        {
            return Logits(store, name, modelFolder, [name[LogitPrefix.Length..]], [1]);
        }

        if (name.StartsWith(LogitDifferencePrefix, StringComparison.Ordinal))
        {
            string[] tokens = name[LogitDifferencePrefix.Length..].Split(',');
            return tokens.Length == 2
                ? Logits(store, name, modelFolder, tokens, [1, -1])
                : throw new InputException(name, "does not name two tokens", "write logitdiff:A,B");
        }

        float[] values = new float[checked((int)store.RowCount)];
        store.ReadTarget(name, 0, values);
        return LearningTarget.Behaviour(
            name, [.. values.Select(value => (double)value)], isAtEnd: name is ActivationCollector.LogitDifferenceTarget or ActivationCollector.AnswerLogProbabilityTarget);
    }

    /// <summary>Reads a target of a store that has a row for every token, text by text: a text's class, the sum or the mean of its tokens' log-probabilities, and of anything else the number at its last token.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">As for <see cref="Read"/>.</param>
    /// <param name="modelFolder">As for <see cref="Read"/>.</param>
    /// <exception cref="InputException">As for <see cref="Read"/>, or the store does not have a row for every token of each of its texts.</exception>
    public static LearningTarget ReadByText(ActivationStoreReader store, string name, string? modelFolder = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(name);
        TextPositions texts = TextPositions.Of(store);
        IEnumerable<int> all = Enumerable.Range(0, texts.Count);
        LearningTarget read = Read(store, name == MeanLogProbability ? ActivationCollector.LogProbabilityTarget : name, modelFolder);
        if (read.Classes is { } classes)
        {
            return LearningTarget.Label([.. all.Select(text => classes[texts.FirstRow(text)])], read.ClassNames);
        }

        double[] numbers = read.Numbers!;
        if (read.Name != ActivationCollector.LogProbabilityTarget)
        {
            return LearningTarget.Behaviour(name, [.. all.Select(text => numbers[texts.EndRow(text) - 1])], read.IsAtEnd);
        }

        // A token's is undefined after the last, and that of a text of one token too.
        double[][] tokens = [.. all.Select(text => numbers[texts.FirstRow(text)..texts.EndRow(text)].Where(double.IsFinite).ToArray())];
        return LearningTarget.Behaviour(name, [.. tokens.Select(some => some.Length == 0 ? double.NaN : name == MeanLogProbability ? some.Average() : some.Sum())]);
    }

    private static LearningTarget Label(ActivationStoreReader store)
    {
        if (store.Manifest.LabelClasses.Count == 0)
        {
            throw new InputException(store.Folder, "holds no labels", "collect with --label-column, or learn for the model's own behaviour, such as --target logprob");
        }

        StoreRow[] rows = new StoreRow[checked((int)store.RowCount)];
        store.ReadRowDescriptions(0, rows);
        return LearningTarget.Label([.. rows.Select(row => row.Label)], store.Manifest.LabelClasses);
    }

    // A text of one token has no such mean, and its row is left out.
    private static LearningTarget Mean(ActivationStoreReader store)
    {
        if (store.Manifest.Pooling == Pooling.None)
        {
            throw new InputException(store.Folder, "has a row for every token, and a mean is one of a text", "choose --target logprob, add --positions, or collect with positions pooled");
        }

        float[] sums = new float[checked((int)store.RowCount)];
        store.ReadTarget(ActivationCollector.LogProbabilityTarget, 0, sums);
        StoreRow[] rows = new StoreRow[sums.Length];
        store.ReadRowDescriptions(0, rows);
        return LearningTarget.Behaviour(MeanLogProbability, [.. sums.Select((sum, row) => rows[row].Length > 1 ? sum / (double)(rows[row].Length - 1) : double.NaN)]);
    }

    private static LearningTarget Logits(ActivationStoreReader store, string name, string? modelFolder, string[] tokens, double[] factors)
    {
        string folder = modelFolder ?? store.Manifest.Provenance.Model?.Name
            ?? throw new InputException(store.Folder, $"does not say which model made it, which {name} needs", "name it with --model");
        if (!Directory.Exists(folder))
        {
            throw new InputException(folder, $"no such folder, and {name} needs the model's unembedding", "name the model with --model");
        }

        if (store.Manifest.Provenance.Model is { } maker && ModelFingerprint.Sha256(folder) != maker.Sha256)
        {
            throw new InputException(store.Folder, $"is a store made by another model than {folder}", "name the model that made it with --model, or collect again");
        }

        Tokenizer tokenizer = Tokenizer.Load(folder);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        if (!model.Description.PredictsTokens)
        {
            throw new InputException(folder, $"does not predict tokens, and {name} is a token's logit", "choose --target label");
        }

        int[] ids = [.. tokens.Select(token => AnswerToken.Find(tokenizer, token, model.Description.VocabularySize)
            ?? throw new InputException(name, $"'{token}' is not one token of the model", "give a token of its vocabulary, with the space before it where the tokenizer wants one"))];
        int width = model.Description.Width;
        if (store.Site(ActivationCollector.FinalResidualSite) is not { Kind: StoreSiteKind.Dense } site || site.Width != width)
        {
            throw new InputException(store.Folder, $"its {ActivationCollector.FinalResidualSite} is not a residual stream of {folder}", "name the model that made it with --model, or collect again");
        }

        double[] values = new double[checked((int)store.RowCount)];
        using IDisposable mode = GradientMode.Disable();
        for (int start = 0; start < values.Length; start += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, values.Length - start);
            float[] rows = new float[count * width];
            store.ReadRows(ActivationCollector.FinalResidualSite, start, count, rows);
            using TensorScope scope = new();
            Tensor logits = model.Unembed(Tensor.FromValues(rows, count, width));
            for (int token = 0; token < ids.Length; token++)
            {
                float[] column = logits.GatherLast([.. Enumerable.Repeat(ids[token], count)]).ToArray();
                for (int row = 0; row < count; row++)
                {
                    values[start + row] += factors[token] * column[row];
                }
            }
        }

        return LearningTarget.Behaviour(name, values, isAtEnd: true);
    }
}
