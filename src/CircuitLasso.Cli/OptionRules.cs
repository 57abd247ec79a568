using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace CircuitLasso.Cli;

/// <summary>Rules for the values of options, with messages for people.</summary>
internal static class OptionRules
{
    /// <summary>Refuses anything but a whole number of at least <paramref name="minimum"/>.</summary>
    /// <typeparam name="T"><see cref="int"/>, or nullable where the option has no default.</typeparam>
    internal static Option<T> AtLeast<T>(this Option<T> option, int minimum)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(Value(result), CultureInfo.InvariantCulture, out int number) && number >= minimum))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} takes a whole number of at least {minimum}, not '{Value(result)}'"));
            }
        });
        return option;
    }

    private static string Value(OptionResult result) => result.Tokens[^1].Value;
}
