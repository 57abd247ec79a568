using CircuitLasso.Numerics;

namespace CircuitLasso.Models.Tests;

public sealed class SiteTests
{
    [Theory]
    [InlineData("embed", SiteKind.Embedding, -1)]
    [InlineData("resid_post.5", SiteKind.ResidualAfter, 5)]
    [InlineData("attn_z.0", SiteKind.AttentionMix, 0)]
    [InlineData("attn_head.12", SiteKind.AttentionHead, 12)]
    [InlineData("mlp_normalized.3", SiteKind.MlpNormalized, 3)]
    [InlineData("logits", SiteKind.Logits, -1)]
    public void A_name_is_read_and_written_back(string name, SiteKind kind, int layer)
    {
        Site site = Site.Parse(name);
        Assert.Equal(new Site(kind, layer), site);
        Assert.Equal(name, site.ToString());
    }

    [Theory]
    [InlineData("blocks.5.hook_resid_post", "resid_post.5")]
    [InlineData("blocks.0.attn.hook_z", "attn_z.0")]
    [InlineData("blocks.2.attn.hook_result", "attn_head.2")]
    [InlineData("blocks.2.mlp.hook_pre", "mlp_pre.2")]
    [InlineData("blocks.2.mlp.hook_post", "mlp_post.2")]
    [InlineData("blocks.7.ln2.hook_normalized", "mlp_normalized.7")]
    [InlineData("hook_embed", "embed")]
    public void TransformerLens_names_are_aliases(string alias, string name) => Assert.Equal(name, Site.Parse(alias).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("resid_post")]
    [InlineData("resid_post.-1")]
    [InlineData("resid_post.99999999999")]
    [InlineData("embed.0")]
    [InlineData("blocks.x.hook_resid_post")]
    [InlineData("Resid_post.1")]
    public void An_unknown_name_is_refused_with_the_list_of_sites(string name)
    {
        InputException exception = Assert.Throws<InputException>(() => Site.Parse(name));
        Assert.Contains("resid_post.LAYER", exception.Message, StringComparison.Ordinal);
    }
}
