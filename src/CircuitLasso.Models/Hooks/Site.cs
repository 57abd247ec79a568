using System.Globalization;
using System.Text.RegularExpressions;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>One hook point of a model, such as <c>resid_post.5</c>.</summary>
/// <param name="Kind">The place within the pass.</param>
/// <param name="Layer">The block, or -1 for <c>embed</c> and <c>logits</c>.</param>
public readonly partial record struct Site(SiteKind Kind, int Layer = -1)
{
    // Own name, then TransformerLens's name within its block (or of the whole model); null where TransformerLens has no such hook.
    private static readonly (SiteKind Kind, string Name, string? Alias)[] _names =
    [
        (SiteKind.Embedding, "embed", "hook_embed"),
        (SiteKind.ResidualBefore, "resid_pre", "hook_resid_pre"),
        (SiteKind.ResidualMiddle, "resid_mid", "hook_resid_mid"),
        (SiteKind.ResidualAfter, "resid_post", "hook_resid_post"),
        (SiteKind.AttentionInput, "attn_in", "hook_attn_in"),
        (SiteKind.Query, "attn_q", "attn.hook_q"),
        (SiteKind.Key, "attn_k", "attn.hook_k"),
        (SiteKind.Value, "attn_v", "attn.hook_v"),
        (SiteKind.AttentionPattern, "attn_pattern", "attn.hook_pattern"),
        (SiteKind.AttentionMix, "attn_z", "attn.hook_z"),
        (SiteKind.AttentionMixNormalized, "attn_z_normalized", null),
        (SiteKind.AttentionHead, "attn_head", "attn.hook_result"),
        (SiteKind.AttentionOutput, "attn_out", "hook_attn_out"),
        (SiteKind.MlpInput, "mlp_in", "hook_mlp_in"),
        (SiteKind.MlpNormalized, "mlp_normalized", "ln2.hook_normalized"),
        (SiteKind.MlpPreActivation, "mlp_pre", "mlp.hook_pre"),
        (SiteKind.MlpHidden, "mlp_post", "mlp.hook_post"),
        (SiteKind.MlpOutput, "mlp_out", "hook_mlp_out"),
        (SiteKind.Logits, "logits", "hook_logits"),
    ];

    /// <summary>Whether a site of this kind belongs to a block.</summary>
    public static bool HasLayer(SiteKind kind) => kind is not (SiteKind.Embedding or SiteKind.Logits);

    /// <summary>
    /// Reads a site's name: DESIGN's (<c>resid_post.5</c>) or TransformerLens's (<c>blocks.5.hook_resid_post</c>).
    /// TransformerLens keeps token and position embedding apart; <c>hook_embed</c> means their sum here.
    /// </summary>
    /// <exception cref="InputException">There is no such site.</exception>
    public static Site Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Match own = OwnName().Match(text);
        Match alias = BlockAlias().Match(text);
        foreach ((SiteKind kind, string name, string? aliasName) in _names)
        {
            bool layered = HasLayer(kind);
            if (!layered && (text == name || text == aliasName))
            {
                return new Site(kind);
            }

            Match match = own.Success && own.Groups["name"].Value == name ? own : alias.Success && alias.Groups["name"].Value == aliasName ? alias : Match.Empty;
            if (layered && match.Success && int.TryParse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
            {
                return new Site(kind, layer);
            }
        }

        throw new InputException(text, "no such site", "use " + string.Join(", ", _names.Select(n => HasLayer(n.Kind) ? n.Name + ".LAYER" : n.Name)));
    }

    /// <summary>The site's name, such as <c>attn_z.3</c>.</summary>
    public override string ToString()
    {
        SiteKind kind = Kind;
        string name = Array.Find(_names, n => n.Kind == kind).Name;
        return HasLayer(kind) ? string.Create(CultureInfo.InvariantCulture, $"{name}.{Layer}") : name;
    }

    /// <summary>TransformerLens's name of the site, such as <c>blocks.3.attn.hook_z</c>; the site's own where TransformerLens has no such hook.</summary>
    public string TransformerLensName
    {
        get
        {
            SiteKind kind = Kind;
            string? alias = Array.Find(_names, n => n.Kind == kind).Alias;
            return alias is null ? ToString() : HasLayer(kind) ? string.Create(CultureInfo.InvariantCulture, $"blocks.{Layer}.{alias}") : alias;
        }
    }

    [GeneratedRegex(@"^(?<name>[a-z_]+)\.(?<layer>[0-9]{1,6})$", RegexOptions.CultureInvariant)]
    private static partial Regex OwnName();

    [GeneratedRegex(@"^blocks\.(?<layer>[0-9]{1,6})\.(?<name>[a-z0-9_.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex BlockAlias();
}
