using System.CommandLine;
using CircuitLasso.Models;

namespace CircuitLasso.Cli;

/// <summary>The options of commands that replace features of autoencoders, and what they name.</summary>
internal sealed class FeatureCircuitArguments
{
    private readonly Option<string[]> _autoencoders = new("--sae")
    {
        Description = "For circuits of features: a sparse autoencoder, PATH or SITE=PATH, where PATH is " + HubArguments.Autoencoder + "; repeat for several sites. What is computed before the first site is never replaced.",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _right = new("--right") { Description = "With --sae: take only the pairs of which the model finds the right answer more probable." };

    internal void AddTo(Command command)
    {
        command.Add(_autoencoders);
        command.Add(_right);
    }

    /// <summary>Whether features are asked for.</summary>
    internal bool Any(ParseResult options) => options.GetValue(_autoencoders) is { Length: > 0 };

    /// <summary>Reads the autoencoders, which then belong to <paramref name="owned"/>.</summary>
    internal AutoencoderSites Sites(ParseResult options, TransformerModel model, DisposableList owned, CommandContext context)
    {
        IReadOnlyList<SiteAutoencoder> sites = SiteAutoencoder.Load(HubArguments.Autoencoders(options.GetValue(_autoencoders) ?? [], context));
        foreach (SiteAutoencoder site in sites)
        {
            owned.Add(site.Autoencoder);
        }

        return new AutoencoderSites(model, sites);
    }

    /// <summary>Reads the pairs.</summary>
    /// <param name="options">The options.</param>
    /// <param name="task">Where the pairs are.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="model">The model.</param>
    /// <param name="context">For messages.</param>
    /// <param name="used">The pairs that are used.</param>
    internal BehaviourTaskFile Read(ParseResult options, TaskArguments task, string folder, TransformerModel model, CommandContext context, out BehaviourTask used)
    {
        BehaviourTaskFile file = BehaviourTaskFile.Read(task.File(options), Tokenizer.Load(folder), model, task.Pairs(options));
        if (file.Message is { } message)
        {
            context.Message(message);
        }

        used = file.Task;
        if (options.GetValue(_right))
        {
            double[] scores = used.Scores(model, task.MemoryBytes(options));
            used = used.Select(pair => scores[pair] > 0);
            context.Message($"the model finds the right answer more probable in {used.Pairs} of {file.Task.Pairs} pairs");
        }

        return file;
    }
}
