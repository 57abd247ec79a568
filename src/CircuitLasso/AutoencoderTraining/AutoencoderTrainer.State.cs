using System.Globalization;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <content>Keeping the state between evaluations, and going on from it.</content>
public sealed partial class AutoencoderTrainer
{
    private const string Remedy = "delete it to start again, or choose another folder";
    private const string LastActive = "last_active";

    // What tells this training from every other: settings, rows, and the backend whose rounding it has.
    private string Fingerprint => $"{JsonSerializer.Serialize(_options)} {_rows.Fingerprint} {MatrixBackend.Default.Name}";

    /// <summary>Writes the state after an evaluation: weights, moments, when each feature was last active, and the evaluations.</summary>
    /// <param name="path">The file; it is replaced as a whole.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void SaveState(string path)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["fingerprint"] = Fingerprint,
            ["step"] = StepsTaken.ToString(CultureInfo.InvariantCulture),
            ["points"] = JsonSerializer.Serialize(_points),
        };
        SafeTensorsDeclaration[] declarations =
        [
            .. StateBuffers().Select(entry => new SafeTensorsDeclaration(entry.Name, SafeTensorsDataType.Float32, [entry.Values.Length])),
            new SafeTensorsDeclaration(LastActive, SafeTensorsDataType.Int64, [_lastActive.Length]),
        ];
        using SafeTensorsWriter writer = new(path, declarations, metadata);
        foreach ((string name, NativeBuffer<float> values) in StateBuffers())
        {
            writer.Write(name, values.Span);
        }

        writer.Write(LastActive, _lastActive);
        writer.Complete();
    }

    /// <summary>Goes on from a saved state; the training then ends in the same bytes as one that was never interrupted.</summary>
    /// <param name="path">A file of <see cref="SaveState"/>.</param>
    /// <exception cref="InputException">It is damaged, or belongs to a training on other rows or with other settings; this training is then not to be used.</exception>
    public void LoadState(string path)
    {
        using SafeTensorsFile file = new(path);
        if (file.Metadata.GetValueOrDefault("fingerprint") != Fingerprint)
        {
            throw new InputException(path, "belongs to a training on other rows, with other settings or of another matrix backend", Remedy);
        }

        int step = int.TryParse(file.Metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1 && value <= _options.Steps ? value : throw Damaged(path);
        List<AutoencoderTrainingPoint> points = ReadPoints(file);
        long seen = (long)step * _options.BatchRows;
        if (points.Count != (step + _options.StepsPerEvaluation - 1) / _options.StepsPerEvaluation || points[^1].Step != step
            || !file.Tensors.TryGetValue(LastActive, out SafeTensorsEntry? last) || last.ElementCount != _lastActive.Length || last.DataType != SafeTensorsDataType.Int64)
        {
            throw Damaged(path);
        }

        file.ReadInt64(LastActive, _lastActive);
        if (Array.Exists(_lastActive, row => row < 0 || row > seen))
        {
            throw Damaged(path);
        }

        foreach ((string name, NativeBuffer<float> values) in StateBuffers())
        {
            if (!file.Tensors.TryGetValue(name, out SafeTensorsEntry? entry) || entry.ElementCount != values.Length)
            {
                throw Damaged(path);
            }

            file.ReadSingle(name, values.Span);
            if (!System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(values.Span))
            {
                throw Damaged(path);
            }
        }

        _points.Clear();
        _points.AddRange(points);
        StepsTaken = step;
        _gradient.TakeBiases();
    }

    private static List<AutoencoderTrainingPoint> ReadPoints(SafeTensorsFile file)
    {
        try
        {
            return JsonSerializer.Deserialize<List<AutoencoderTrainingPoint>>(file.Metadata.GetValueOrDefault("points") ?? "null") is { Count: > 0 } points ? points : throw Damaged(file.Path);
        }
        catch (JsonException)
        {
            throw Damaged(file.Path);
        }
    }

    private static InputException Damaged(string path) => new(path, "is not a whole training state", Remedy);

    private IEnumerable<(string Name, NativeBuffer<float> Values)> StateBuffers()
    {
        foreach ((string name, TrainedMatrix matrix) in new[] { ("encoder", _encoder), ("decoder", _decoder), ("encoder_bias", _encoderBias), ("decoder_bias", _decoderBias) })
        {
            yield return (name, matrix.Value);
            yield return (name + ".first_moment", matrix.FirstMoment);
            yield return (name + ".second_moment", matrix.SecondMoment);
        }
    }
}
