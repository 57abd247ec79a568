using System.CommandLine;
using System.Text.RegularExpressions;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>What the README and the pages tell the reader to type is understood by the program.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Pages => new(Directory
        .GetFiles(Path.Combine(SharedData.RepositoryRoot, "docs"), "*.md")
        .Append(Path.Combine(SharedData.RepositoryRoot, "README.md"))
        .Append(Path.Combine(SharedData.RepositoryRoot, "bench", "README.md"))
        .Select(path => Path.GetRelativePath(SharedData.RepositoryRoot, path))
        .Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_line_of_a_page_parses(string page)
    {
        RootCommand root = new();
        _ = new GlobalOptions(root);
        foreach ((string? group, ToolCommand command) in CommandTable.Create())
        {
            Command? parent = group is null ? root : root.Subcommands.FirstOrDefault(existing => existing.Name == group);
            if (parent is null)
            {
                parent = new Command(group!);
                root.Add(parent);
            }

            parent.Add(command);
        }

        foreach (Match match in CommandLines().Matches(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, page))))
        {
            string line = match.Groups["arguments"].Value;
            ParseResult result = root.Parse(line);
            Assert.True(result.Errors.Count == 0, $"{page}: circuitlasso {line}: {string.Join("; ", result.Errors.Select(error => error.Message))}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_to_a_file(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(SharedData.RepositoryRoot, page))!;
        foreach (Match match in Links().Matches(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, page))))
        {
            string target = match.Groups["target"].Value;
            if (!target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
            {
                string path = Path.Combine(folder, target.Split('#')[0]);
                Assert.True(File.Exists(path) || Directory.Exists(path), $"{page} links to {target}, which is not there");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_piece_of_CSharp_of_a_page_stands_in_a_file_that_the_tests_compile(string page)
    {
        string compiled = string.Join('\n', Directory
            .GetFiles(Path.Combine(SharedData.RepositoryRoot, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(path => path.Contains("Documentation", StringComparison.Ordinal) && !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        string squeezed = Spaces().Replace(compiled, " ");
        foreach (Match match in CSharp().Matches(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, page))))
        {
            string code = Spaces().Replace(match.Groups["code"].Value.Trim(), " ");
            Assert.True(squeezed.Contains(code, StringComparison.Ordinal), $"{page}: this code is compiled nowhere:\n{match.Groups["code"].Value}");
        }
    }

    [GeneratedRegex(@"^\s*(?:\$ )?circuitlasso (?<arguments>[^\r\n]+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLines();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"```csharp\r?\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
