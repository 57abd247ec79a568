using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <content>Keeping the state between evaluations, and going on from it.</content>
public sealed partial class SiitTrainer
{
    private const string Remedy = "delete it to start again, or choose another folder";

    /// <summary>What tells this training from every other: the program's text and all settings.</summary>
    private string Fingerprint => JsonSerializer.Serialize(_options) + " " + Convert.ToHexString(SHA256.HashData(_program.Json.Span));

    /// <summary>Writes the state after an evaluation: parameters, moments, the best parameters so far, the evaluations, and the last interchange accuracies.</summary>
    /// <param name="path">The file; it is replaced as a whole.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void SaveState(string path)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["fingerprint"] = Fingerprint,
            ["step"] = StepsTaken.ToString(CultureInfo.InvariantCulture),
            ["best_step"] = _bestStep.ToString(CultureInfo.InvariantCulture),
            ["best_score"] = _bestScore.ToString("R", CultureInfo.InvariantCulture),
            ["reached"] = ReachedThreshold ? "1" : "0",
            ["points"] = JsonSerializer.Serialize(_points),
            ["interchange"] = JsonSerializer.Serialize(_lastInterchange),
        };
        (string Name, float[] Values)[] tensors = [.. StateTensors().Select(entry => (entry.Name, entry.Tensor?.ToArray() ?? _bestParameters[entry.Best]))];
        using SafeTensorsWriter writer = new(path, tensors.Select(entry => new SafeTensorsDeclaration(entry.Name, SafeTensorsDataType.Float32, [entry.Values.Length])), metadata);
        foreach ((string name, float[] values) in tensors)
        {
            writer.Write(name, values);
        }

        writer.Complete();
    }

    /// <summary>Goes on from a saved state; the training then ends in the same bytes as one that was never interrupted.</summary>
    /// <param name="path">A file of <see cref="SaveState"/>.</param>
    /// <exception cref="InputException">It is damaged, or belongs to another program or other settings.</exception>
    public void LoadState(string path)
    {
        using SafeTensorsFile file = new(path);
        if (file.Metadata.GetValueOrDefault("fingerprint") != Fingerprint)
        {
            throw new InputException(path, "belongs to a training of another program or with other settings", Remedy);
        }

        int step = Whole(file, "step", _options.Steps);
        int bestStep = Whole(file, "best_step", step);
        int points = (step + _options.StepsPerEvaluation - 1) / _options.StepsPerEvaluation;
        if (!double.TryParse(file.Metadata.GetValueOrDefault("best_score"), NumberStyles.Float, CultureInfo.InvariantCulture, out double bestScore)
            || bestScore is not (>= 0 and <= 1) || step < 1 || bestStep < 1 || Read<List<SiitTrainingPoint>>(file, "points") is not { } read || read.Count != points
            || Read<Dictionary<string, double>>(file, "interchange") is not { } interchange || !interchange.Keys.ToHashSet().SetEquals(_scheme.CircuitNodes)
            || interchange.Values.Any(share => share is not (>= 0 and <= 1)))
        {
            throw Damaged(path);
        }

        ParameterKey[] keys = [.. Model.Parameters.Keys];
        float[][] best = new float[keys.Length][];
        foreach ((string name, Tensor? tensor, int index) in StateTensors())
        {
            float[] values = new float[tensor?.Length ?? Model.Parameters[keys[index]].Length];
            if (!file.Tensors.TryGetValue(name, out SafeTensorsEntry? entry) || entry.ElementCount != values.Length)
            {
                throw Damaged(path);
            }

            file.ReadSingle(name, values);
            if (Array.Exists(values, value => !float.IsFinite(value)))
            {
                throw Damaged(path);
            }

            if (tensor is null)
            {
                best[index] = values;
            }
            else
            {
                tensor.CopyFrom(values);
            }
        }

        _points.Clear();
        _points.AddRange(read);
        _bestParameters = best;
        _lastInterchange = interchange;
        (_bestStep, _bestScore, StepsTaken, _optimiser.StepCount) = (bestStep, bestScore, step, step);
        ReachedThreshold = file.Metadata.GetValueOrDefault("reached") == "1";
    }

    private static int Whole(SafeTensorsFile file, string name, int most) =>
        int.TryParse(file.Metadata.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= most
            ? value
            : throw Damaged(file.Path);

    private static T? Read<T>(SafeTensorsFile file, string name)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata.GetValueOrDefault(name) ?? "null");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static InputException Damaged(string path) => new(path, "is not a whole training state", Remedy);

    // Name, the living tensor, or null for the best parameters kept aside under that number.
    private IEnumerable<(string Name, Tensor? Tensor, int Best)> StateTensors()
    {
        int index = 0;
        foreach (ParameterKey key in Model.Parameters.Keys)
        {
            Tensor parameter = Model.Parameters[key];
            string name = string.Create(CultureInfo.InvariantCulture, $"{index:D4}");
            yield return ("parameter." + name, parameter, index);
            yield return ("first." + name, _optimiser.FirstMoment(parameter), index);
            yield return ("second." + name, _optimiser.SecondMoment(parameter), index);
            yield return ("best." + name, null, index);
            index++;
        }
    }
}
