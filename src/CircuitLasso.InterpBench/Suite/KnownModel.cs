using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>A model whose circuit is known, with the program that it follows. Owns the model.</summary>
public sealed class KnownModel : IDisposable
{
    /// <summary>Puts a model and its program together.</summary>
    /// <param name="name">The case, for tables.</param>
    /// <param name="program">The program.</param>
    /// <param name="model">The model; this object owns it from now on.</param>
    /// <param name="fingerprint">What identifies the model's content.</param>
    /// <exception cref="InputException">The model's components or outputs are not the program's.</exception>
    public KnownModel(string name, KnownProgram program, TransformerModel model, string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(model);
        Name = name;
        Program = program;
        Model = model;
        Fingerprint = fingerprint;
        ModelDescription description = model.Description;
        if (description.Layers != program.Graph.Layers || description.Attention.Heads != program.Graph.Heads || description.ParallelSublayers)
        {
            throw new InputException(
                $"model {name}",
                $"has {description.Layers} layers of {description.Attention.Heads} heads, and its program stands for {program.Graph.Layers} of {program.Graph.Heads}, one block after the other",
                "give the model that was trained for the program");
        }

        if (description.OutputSize != program.OutputSize)
        {
            throw new InputException(
                $"model {name}", $"has {description.OutputSize} outputs, and its program {program.OutputSize}", "give the model that was trained for the program");
        }
    }

    /// <summary>The case, for tables.</summary>
    public string Name { get; }

    /// <summary>The program.</summary>
    public KnownProgram Program { get; }

    /// <summary>The model.</summary>
    public TransformerModel Model { get; }

    /// <summary>What identifies the model's content.</summary>
    public string Fingerprint { get; }

    /// <summary>Share of right outputs, from the training's log; null where there is none.</summary>
    public double? Accuracy { get; init; }

    /// <summary>
    /// Share of outputs that stay right when all components outside the circuit are taken from another input together, from the training's log; null where there is none.
    /// Well below 1, the model really uses edges that are not in its known circuit.
    /// </summary>
    public double? AccuracyWithOutsideSwapped { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
