using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>Arguments and options that commands on models share, so that they are described alike; <see cref="HubArguments"/> turns their values into folders.</summary>
internal static class ModelArguments
{
    private static readonly string _description = char.ToUpperInvariant(HubArguments.Model[0]) + HubArguments.Model[1..] + ".";

    public static Argument<string> Folder() => new("MODEL") { Description = _description };

    public static Option<string> Model() => new("--model") { Description = _description, HelpName = "MODEL", Required = true };
}
